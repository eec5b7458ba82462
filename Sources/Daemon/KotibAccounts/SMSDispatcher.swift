import FoundationEssentials
import Logging
import Synchronization

/// Sends the messages of ``AccountService`` in the background, so that no response waits for one.
public final class SMSDispatcher: Sendable {
    struct Message: Sendable {
        var phone: PhoneNumber
        var text: String
        /// When the code in it ends.
        var expires: Date
        /// Seconds before the next repetition; doubled with each.
        var pause = SMSDispatcher.firstPause
    }

    private struct State {
        var waiting = 0
        var problem: String?
    }

    /// Messages that wait; more are refused.
    static let capacity = 256
    /// The number of messages that are sent at once, without those that wait for a retry.
    static let width = 8
    static let firstPause = 2.0

    private let sender: any SMSSender
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let messages: AsyncStream<Message>
    private let queue: AsyncStream<Message>.Continuation
    private let state = Mutex(State())

    public init(
        _ sender: any SMSSender, clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Date = { Date() }, logger: Logger
    ) {
        self.sender = sender
        self.clock = clock
        self.now = now
        self.logger = logger
        (messages, queue) = AsyncStream.makeStream()
    }

    /// Sends until the task is cancelled. To be called once.
    public func run() async {
        let (permits, permit) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<Self.width { permit.yield() }
        await withDiscardingTaskGroup { group in
            var permits = permits.makeAsyncIterator()
            for await message in messages {
                guard await permits.next() != nil else { break }
                state.withLock { $0.waiting -= 1 }
                group.addTask {
                    let pause = await self.attempt(message)
                    permit.yield()
                    if let pause { await self.queue(message, after: pause) }
                }
            }
        }
        let unsent = state.withLock { $0.waiting }
        if unsent > 0 { logger.warning("codes not sent: daemon stopping", metadata: ["count": "\(unsent)"]) }
    }

    /// Whether ``enqueue(_:)`` would refuse.
    var isFull: Bool { state.withLock { $0.waiting >= Self.capacity } }

    /// The reason why the service refuses all messages; nil since a message was sent.
    var problem: String? { state.withLock { $0.problem } }

    /// - Returns: false where the queue is full.
    func enqueue(_ message: Message) -> Bool {
        state.withLock { state in
            guard state.waiting < Self.capacity, case .enqueued = queue.yield(message) else { return false }
            state.waiting += 1
            return true
        }
    }

    /// - Returns: the delay before a retry; nil if the message is finished.
    private func attempt(_ message: Message) async -> Duration? {
        guard now() < message.expires else {
            logger.error(
                "code not sent: expired in the queue", metadata: ["phone": "\(message.phone)"])
            return nil
        }
        do throws(SMSError) {
            try await sender.send(message.text, to: message.phone)
            state.withLock { $0.problem = nil }
            logger.info("code sent", metadata: ["phone": "\(message.phone)"])
            return nil
        } catch {
            if case .refused(let cause) = error { state.withLock { $0.problem = cause } }
            guard case .transient(let cause, let asked) = error else {
                log(error, message)
                return nil
            }
            let wait = max(.seconds(message.pause), asked ?? .zero)
            guard now() + wait / .seconds(1) < message.expires else {
                log(error, message)
                return nil
            }
            logger.warning(
                "code not sent, retrying", metadata: ["phone": "\(message.phone)", "cause": "\(cause)"])
            return wait
        }
    }

    private func queue(_ message: Message, after pause: Duration) async {
        var message = message
        message.pause *= 2
        guard (try? await clock.sleep(for: pause)) != nil else {
            return logger.warning("code not sent: daemon stopping", metadata: ["phone": "\(message.phone)"])
        }
        // It had its place already.
        state.withLock { state in
            if case .enqueued = queue.yield(message) { state.waiting += 1 }
        }
    }

    private func log(_ error: SMSError, _ message: Message) {
        let (what, cause) =
            switch error {
            case .permanent(let cause), .transient(let cause, _): ("code not sent", cause)
            case .refused(let cause): ("code not sent: message service refused the credentials", cause)
            case .unknownOutcome(let cause): ("code sent with unknown outcome", cause)
            }
        logger.error("\(what)", metadata: ["phone": "\(message.phone)", "cause": "\(cause)"])
    }
}
