import NIOCore
import NIOHTTPTypes

/// Closes the connection of a peer that holds things up: who sends no request, sends one too slowly, or does
/// not read the answer.
final class PeerPatience: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Hashable, Sendable {
        /// From the connection, or the answer before, to a whole head; also how long a kept connection is
        /// idle, and for what is left of a body whose answer is out.
        var head = TimeAmount.seconds(60)
        /// Between two pieces of a body, while we want one.
        var piece = TimeAmount.seconds(30)
        /// For a whole request: 50 MB at 700 kbit/s.
        var request = TimeAmount.minutes(10)
        /// While the peer reads nothing of what waits for it.
        var unread = TimeAmount.seconds(60)
        /// Between two looks.
        var look = TimeAmount.seconds(5)
    }

    private let limits: Limits
    /// Heads that came and answers that are out: both go on while the other stands still, so no one phase
    /// tells of both.
    private var requests = 0
    private var answers = 0
    /// Whether the body of the last request is still to come.
    private var isArriving = false
    private var requestBegan = NIODeadline.now()
    private var answerEnded = NIODeadline.now()
    private var lastPiece = NIODeadline.now()
    /// When we began to want more; nil while what there is waits for the daemon itself.
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
