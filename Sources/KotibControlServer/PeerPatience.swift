import NIOCore
import NIOHTTPTypes

/// Closes the connection of a peer that holds things up: who sends no request, sends one too slowly, or does not
/// read the answer.
final class PeerPatience: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Hashable, Sendable {
        /// From the connection, or the answer before, to a whole head; also how long a kept connection is idle.
        var head = TimeAmount.seconds(60)
        /// Between two pieces of a body.
        var piece = TimeAmount.seconds(30)
        /// For a whole request: 50 MB at 700 kbit/s.
        var request = TimeAmount.minutes(10)
        /// While the peer reads nothing of what waits for it.
        var unread = TimeAmount.seconds(60)
        /// Between two looks.
        var look = TimeAmount.seconds(5)
    }

    private enum Phase {
        case waiting, reading, answering
    }

    private let limits: Limits
    private var phase = Phase.waiting
    private var phaseBegan = NIODeadline.now()
    private var lastPiece = NIODeadline.now()
    private var unsent = 0
    private var lastSent = NIODeadline.now()
    private var looks: RepeatedTask?

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        phaseBegan = .now()
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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastPiece = .now()
        switch unwrapInboundIn(data) {
        case .head: enter(.reading)
        case .body: break
        case .end: enter(.answering)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if unsent == 0 { lastSent = .now() }
        unsent += 1
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        let sent = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let handler = bound.value
            handler.unsent -= 1
            handler.lastSent = .now()
            if isEnd { handler.enter(.waiting) }
        }
        context.write(data, promise: sent)
    }

    private func enter(_ phase: Phase) {
        self.phase = phase
        phaseBegan = .now()
    }

    private func isHoldingUp(_ now: NIODeadline) -> Bool {
        if unsent > 0 && now - lastSent > limits.unread { return true }
        switch phase {
        case .waiting: return now - phaseBegan > limits.head
        case .reading: return now - lastPiece > limits.piece || now - phaseBegan > limits.request
        case .answering: return false
        }
    }
}
