import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import KotibControlProtocol
import Logging
import NIOCore
import NIOHTTPTypes

/// What happens to a connection from its acceptance on: who is it, is there room, and then HTTP.
struct Doorway: Sendable {
    let settings: ControlServer.Settings
    let responder: RouterResponder<ControlContext>
    let logger: Logger
    private let admission: Admission

    init(settings: ControlServer.Settings, responder: RouterResponder<ControlContext>, logger: Logger) {
        self.settings = settings
        self.responder = responder
        self.logger = logger
        admission = Admission(most: settings.connections)
    }

    /// Nil for a connection that was turned away; it closes by itself.
    func open(_ channel: any Channel) -> EventLoopFuture<Connection?> {
        PeerCredentials.user(of: channel).flatMap { peer in
            let speaksForMany =
                peer == 0 || peer == settings.owner || settings.trustedProxies.contains(peer)
            guard admission.enter(peer, speaksForMany: speaksForMany) else {
                logger.notice("connection refused", metadata: ["peer": "\(peer)", "cause": "too many"])
                return turnAway(channel)
            }
            channel.closeFuture.whenComplete { _ in admission.leave(peer) }
            let http = HTTP1Channel(
                responder: { (request, writer: consuming ResponseWriter, _) in
                    let response = try await response(to: request, from: peer)
                    try await writer.write(response: response.head, body: response.body)
                },
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [PeerPatience()],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100)))
            return http.setup(channel: channel, logger: logger).map {
                Connection(http: http, channel: $0, logger: logger)
            }
        }
    }

    struct Connection: Sendable {
        let http: HTTP1Channel
        let channel: HTTP1Channel.Value
        let logger: Logger

        func serve() async {
            await http.handle(value: channel, logger: logger)
        }
    }

    /// The router's own middleware has made an answer of every error but a broken request.
    private func response(to request: Request, from peer: UInt32) async throws -> Response {
        let context = ControlContext(source: ControlContextSource(logger: logger, peer: peer))
        return try await responder.respond(to: request, context: context)
    }

    /// Answered without being read: what was sent is not worth a descriptor longer than that.
    private func turnAway(_ channel: any Channel) -> EventLoopFuture<Connection?> {
        let body = ErrorBody(detail: Sentence.crowded.uzbek, code: .unavailable)
        let json = (try? JSONEncoder().encode(body)) ?? Data()
        var answer = channel.allocator.buffer(capacity: 256 + json.count)
        answer.writeString(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
                + "Connection: close\r\nContent-Length: \(json.count)\r\n\r\n")
        answer.writeBytes(json)
        channel.writeAndFlush(answer).whenComplete { _ in channel.close(promise: nil) }
        return channel.eventLoop.makeSucceededFuture(nil)
    }
}
