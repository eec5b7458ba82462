import FoundationEssentials
import HTTPTypes
import KotibControlProtocol
import KotibText
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Ensures that a client gets a proper response if its request is malformed, or was answered before all of it
/// arrived.
///
/// To a request that cannot be parsed, Hummingbird sends an empty 400, after the earlier responses; this adds
/// a body. The rest of a request that was answered early is discarded, so that a client that sends before it
/// reads does not hang; ``ConnectionTimeoutHandler`` limits the time.
final class ProtocolErrorHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let metrics: ControlMetrics
    private let logger: Logger
    private var requests = 0
    private var answers = 0
    private var isArriving = false
    private var isDiscarding = false
    private var breakage: HTTPParserError?

    /// - Parameter logger: knows the peer.
    init(metrics: ControlMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            isArriving = true
        case .body:
            if isDiscarding { return }
        case .end:
            isArriving = false
            isDiscarding = false
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody else asks for what nobody wants.
        if isDiscarding { context.read() }
    }

    /// After an error the parser reads nothing any more.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { breakage = error }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head where breakage != nil && answers >= requests:
            writeBroken(context, promise)
        case .end:
            context.write(data, promise: promise)
            answers += 1
            guard isArriving && answers >= requests else { return }
            isDiscarding = true
            context.read()
        default: context.write(data, promise: promise)
        }
    }

    private func writeBroken(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let isTooLarge = breakage == .headerOverflow
        let status: HTTPResponse.Status = isTooLarge ? .requestHeaderFieldsTooLarge : .badRequest
        // The languages of a request that cannot be parsed are unknown.
        let body =
            isTooLarge
            ? ErrorBody(detail: Sentence.tooLarge.uzbek, code: .tooLarge)
            : ErrorBody(detail: Sentence.broken.uzbek, code: .invalid)
        let json = context.channel.allocator.buffer(bytes: (try? JSONEncoder().encode(body)) ?? Data())
        let head = HTTPResponse(
            status: status,
            headerFields: [
                .contentType: "application/json", .contentLength: String(json.readableBytes),
                .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(json)), promise: nil)
        metrics.record(route: "none", method: "none", status: Int(status.code), seconds: 0)
        logger.debug("cannot parse request", metadata: ["cause": "\(breakage.map { "\($0)" } ?? "")"])
    }
}
