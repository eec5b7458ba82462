import FoundationEssentials
import Glibc
import HTTPTypes
import HummingbirdCore
import KotibControlProtocol
import KotibText
import Logging
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Accepts connections: credentials and limits first, then HTTP.
final class ConnectionAcceptor: Sendable {
    let settings: ControlServer.Settings
    let router: ControlRouter
    let metrics: ControlMetrics
    let logger: Logger
    private let admission: ConnectionLimit

    init(
        settings: ControlServer.Settings, router: ControlRouter, metrics: ControlMetrics,
        logger: Logger
    ) {
        self.settings = settings
        self.router = router
        self.metrics = metrics
        self.logger = logger
        admission = ConnectionLimit(limit: settings.connections)
    }

    /// Nil for a rejected connection; it closes by itself.
    func open(_ channel: any Channel) -> EventLoopFuture<Connection?> {
        PeerCredentials.user(of: channel).flatMap { [self] peer in
            guard admission.enter(peer, peerClass(of: peer)) else {
                logger.notice("connection refused", metadata: ["peer": "\(peer)", "cause": "too many"])
                return turnAway(channel)
            }
            channel.closeFuture.whenComplete { [admission] _ in admission.leave(peer) }
            let http = http(for: peer)
            return http.setup(channel: channel, logger: logger).map { [logger] in
                Connection(http: http, channel: $0, logger: logger)
            }
        }
    }

    /// An accepted connection. Connections that are not served when the server stops are dropped, and a
    /// dropped `NIOAsyncChannel` that was never used ends the process; so the last owner uses it.
    final class Connection: Sendable {
        private let http: HTTP1Channel
        private let channel: Mutex<HTTP1Channel.Value?>
        private let logger: Logger

        init(http: HTTP1Channel, channel: HTTP1Channel.Value, logger: Logger) {
            self.http = http
            self.channel = Mutex(channel)
            self.logger = logger
        }

        deinit {
            guard let channel = takeChannel() else { return }
            Task { try? await channel.executeThenClose { _, _ in } }
        }

        func serve() async {
            guard let channel = takeChannel() else { return }
            await http.handle(value: channel, logger: logger)
        }

        private func takeChannel() -> HTTP1Channel.Value? {
            channel.withLock { channel in
                defer { channel = nil }
                return channel
            }
        }
    }

    private func http(for peer: UInt32) -> HTTP1Channel {
        var named = logger
        named[metadataKey: "peer"] = "\(peer)"
        let (limits, metrics, ownLogger) = (settings.timeouts, metrics, named)
        return HTTP1Channel(
            responder: { [self] (request, writer: consuming ResponseWriter, channel) in
                let response = try await response(to: Self.continuing(request, on: channel), from: peer)
                guard request.method == .head else {
                    return try await writer.write(response: response.head, body: response.body)
                }
                // A response to HEAD has the fields of a GET, and no body (RFC 9110, 9.3.2).
                try await writer.write(response: Self.head(of: response), body: ResponseBody())
            },
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    ConnectionTimeoutHandler(limits: limits),
                    ProtocolErrorHandler(metrics: metrics, logger: ownLogger),
                ],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100)))
    }

    /// Without a length it would be sent in chunks, and the last, which is empty, is a body too.
    private static func head(of response: Response) async throws -> HTTPResponse {
        var head = response.head
        if head.headerFields[.contentLength] == nil {
            let counter = ByteCounter()
            try await response.body.write(counter)
            head.headerFields[.contentLength] = String(counter.count)
        }
        return head
    }

    private func peerClass(of peer: UInt32) -> ConnectionLimit.PeerClass {
        if settings.trustedProxies.contains(peer) { return .proxy }
        return peer == 0 || peer == settings.owner ? .localOperator : .other
    }

    /// Sends `100 Continue` (RFC 9110, 10.1.1) to a client that waits for it when the body is first read; an
    /// earlier response makes it unnecessary.
    private static func continuing(_ request: Request, on channel: any Channel) -> Request {
        guard let expectation = request.headers[.expect], expectation.lowercased() == "100-continue" else {
            return request
        }
        var request = request
        request.body = RequestBody(asyncSequence: ExpectContinueBody(body: request.body, channel: channel))
        return request
    }

    /// The router's own middleware has made an answer of every error but a broken request.
    private func response(to request: Request, from peer: UInt32) async throws -> Response {
        var context = ControlContext(logger: logger, peer: peer)
        guard request.method == .head else {
            return try await router.respond(to: request, context: context)
        }
        // As GET; the body, which gives the length, is left out when the response is sent.
        context.isHead = true
        var head = request.head
        head.method = .get
        return try await router.respond(to: Request(head: head, body: request.body), context: context)
    }

    /// Answered without being read: what was sent is not worth a descriptor longer than that.
    private func turnAway(_ channel: any Channel) -> EventLoopFuture<Connection?> {
        let body = ErrorBody(detail: Sentence.overloaded.uzbek, code: .unavailable)
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

/// Counts bytes and discards them.
private final class ByteCounter: ResponseBodyWriter {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws { number.withLock { $0 += buffer.readableBytes } }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// A body before whose first chunk `100 Continue` is sent.
private struct ExpectContinueBody: AsyncSequence, Sendable {
    struct Iterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator
        var channel: (any Channel)?

        mutating func next() async throws -> ByteBuffer? {
            if let channel {
                self.channel = nil
                try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
            }
            return try await pieces.next()
        }
    }

    let body: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: body.makeAsyncIterator(), channel: channel)
    }
}

/// The number of connections, in all and for each user of the machine, so that one user who opens many does
/// not keep others out.
final class ConnectionLimit: Sendable {
    /// The kind of account that connects.
    enum PeerClass {
        /// The administrator, who needs access when all other connections are taken.
        case localOperator
        /// Speaks for many.
        case proxy
        case other
    }

    /// Connections for the operator when all others are taken.
    static let reserve = 16

    private struct State {
        var all = 0
        var byPeer: [UInt32: Int] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a connection is accepted. Each accepted one must be ended by ``leave(_:)``. One user gets at
    /// most half of all connections, apart from the operator and web servers in front.
    func enter(_ peer: UInt32, _ peerClass: PeerClass) -> Bool {
        state.withLock { state in
            let own = state.byPeer[peer, default: 0]
            let isRoom =
                switch peerClass {
                case .localOperator: state.all < limit + Self.reserve
                case .proxy: state.all < limit
                case .other: state.all < limit && own < max(1, limit / 2)
                }
            guard isRoom else { return false }
            state.all += 1
            state.byPeer[peer] = own + 1
            return true
        }
    }

    func leave(_ peer: UInt32) {
        state.withLock { state in
            state.all -= 1
            let own = state.byPeer[peer, default: 1] - 1
            state.byPeer[peer] = own > 0 ? own : nil
        }
    }

    var count: Int { state.withLock { $0.all } }
}

/// The peer of a Unix socket, as of connect(2): `struct ucred` of unix(7), which glibc shows to
/// GNU programs only.
struct PeerCredentials: Sendable {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0

    static func user(of channel: any Channel) -> EventLoopFuture<UInt32> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
        return credentials.map(\.user)
    }
}
