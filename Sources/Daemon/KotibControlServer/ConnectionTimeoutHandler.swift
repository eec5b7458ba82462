import NIOCore
import NIOHTTPTypes

/// Closes connections that time out: of clients that send no request, send one too slowly, or do not read the
/// response.
final class ConnectionTimeoutHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Hashable, Sendable {
        /// From the connection or the previous response to a complete request head. Also the idle time of a
        /// kept connection, and the time for the rest of a body after its response.
        var head = TimeAmount.seconds(60)
        /// Between two chunks of a body while the server reads it.
        var piece = TimeAmount.seconds(30)
        /// For a whole request: 50 MB at 700 kbit/s.
        var request = TimeAmount.minutes(10)
        /// For the client to read some of a pending response.
        var unread = TimeAmount.seconds(60)
        /// Between two looks.
        var look = TimeAmount.seconds(5)
    }

    private let limits: Limits
    /// Request heads received and responses sent. Both can progress while the other stands still, so a single
    /// phase would not describe the connection.
    private var requests = 0
    private var answers = 0
    /// Whether the body of the last request is still to come.
    private var isArriving = false
    private var requestBegan = NIODeadline.now()
    private var answerEnded = NIODeadline.now()
    private var lastPiece = NIODeadline.now()
    /// The beginning of the current read; nil while the daemon itself is busy.
    private var asked: NIODeadline?
    private var unsent = 0
    private var lastSent = NIODeadline.now()
    private var looks: RepeatedTask?

    init(limits: Limits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        answerEnded = .now()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        looks = context.eventLoop.scheduleRepeatedTask(initialDelay: limits.look, delay: limits.look) { _ in
            let (handler, context) = bound.value
            if handler.isHoldingUp(.now()) { context.close(promise: nil) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        looks?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        looks?.cancel()
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        asked = asked ?? .now()
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        asked = nil
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastPiece = .now()
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            isArriving = true
            requestBegan = .now()
        case .body: break
        case .end: isArriving = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if unsent == 0 { lastSent = .now() }
        unsent += 1
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        let sent = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in bound.value.wasSent(isEnd: isEnd) }
        context.write(data, promise: sent)
    }

    private func wasSent(isEnd: Bool) {
        unsent -= 1
        lastSent = .now()
        guard isEnd else { return }
        answers += 1
        answerEnded = .now()
    }

    private func isHoldingUp(_ now: NIODeadline) -> Bool {
        if unsent > 0 && now - lastSent > limits.unread { return true }
        // A broken request has an answer without a head.
        if answers >= requests { return now - answerEnded > limits.head }
        guard isArriving else { return false }
        if let asked, now - max(asked, lastPiece) > limits.piece { return true }
        return now - requestBegan > limits.request
    }
}
