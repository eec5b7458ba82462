import FoundationEssentials
import Logging
import Synchronization

/// Sends in the background what ``AccountService`` hands on, so that no answer waits for a message.
public final class SMSDispatcher: Sendable {
    struct Message: Sendable {
        var phone: PhoneNumber
        var text: String
        /// When the code in it ends.
        var expires: Date
    }

    /// Messages that wait; more are refused.
    static let capacity = 256
    /// Messages under way at once.
    static let width = 8
    /// Seconds before the first repetition; doubled with each.
    static let firstPause = 2.0

    private let sender: any SMSSender
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let messages: AsyncStream<Message>
    private let queue: AsyncStream<Message>.Continuation
    private let waiting = Mutex(0)

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
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await message in messages {
                waiting.withLock { $0 -= 1 }
                if underWay == Self.width {
                    await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask { await self.send(message) }
            }
        }
        let unsent = waiting.withLock { $0 }
        if unsent > 0 { logger.warning("codes not sent: the daemon ends", metadata: ["count": "\(unsent)"]) }
    }

    /// Whether ``enqueue(_:)`` would refuse.
    var isFull: Bool { waiting.withLock { $0 >= Self.capacity } }

    /// - Returns: false where too many wait already.
    func enqueue(_ message: Message) -> Bool {
        waiting.withLock { waiting in
            guard waiting < Self.capacity, case .enqueued = queue.yield(message) else { return false }
            waiting += 1
            return true
        }
    }

    /// Again and again for as long as nothing was sent and the code is good.
    private func send(_ message: Message) async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do throws(SMSError) {
                try await sender.send(message.text, to: message.phone)
                return logger.info("code sent", metadata: ["phone": "\(message.phone)"])
            } catch {
                guard case .transient(let cause, let asked) = error else { return log(error, message) }
                let wait = max(.seconds(pause), asked ?? .zero)
                guard now() + wait / .seconds(1) < message.expires else { return log(error, message) }
                logger.warning(
                    "code not sent yet", metadata: ["phone": "\(message.phone)", "cause": "\(cause)"])
                guard (try? await clock.sleep(for: wait)) != nil else { return }
                pause *= 2
            }
        }
    }

    private func log(_ error: SMSError, _ message: Message) {
        let (what, cause) =
            switch error {
            case .permanent(let cause), .transient(let cause, _): ("code not sent", cause)
            case .refused(let cause): ("the message service refuses us", cause)
            case .unknownOutcome(let cause): ("code perhaps sent", cause)
            }
        logger.error("\(what)", metadata: ["phone": "\(message.phone)", "cause": "\(cause)"])
    }
}
