import FoundationEssentials
import KotibTestSupport
import Logging
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(1))) struct DispatcherTests {
    private let clock = ManualClock()
    private let logger: Logger
    private let log: LogRecorder

    init() { (logger, log) = recordingLogger() }

    private func dispatcher(_ sender: any SMSSender) -> SMSDispatcher {
        SMSDispatcher(sender, clock: clock, now: { [clock] in clock.date }, logger: logger)
    }

    private func message(_ number: Int = 0, seconds: Double = 300) throws -> SMSDispatcher.Message {
        let phone = try #require(PhoneNumber("+99890\(1_000_000 + number)"))
        return SMSDispatcher.Message(phone: phone, text: "code", expires: clock.date + seconds)
    }

    @Test func aCodeThatHasEndedIsNotSent() async throws {
        let sender = RecordingSender()
        let dispatcher = dispatcher(sender)
        #expect(dispatcher.enqueue(try message(1, seconds: 10)))
        #expect(dispatcher.enqueue(try message(2, seconds: 100)))
        clock.advance(by: .seconds(10))
        let run = Task { await dispatcher.run() }
        try await waitUntil("the other is sent") { sender.count == 1 }
        try await waitUntil("it is told") { log.all.contains { $0.contains("expired in the queue") } }
        run.cancel()
        await run.value
        #expect(sender.texts(to: "+998901000001").isEmpty)
    }

    /// More pause than can be under way, and the next one is sent all the same.
    @Test func pausedMessageDelaysNoOther() async throws {
        let failures = Array(repeating: SMSError.transient("busy", retryAfter: .seconds(60)), count: 20)
        let sender = RecordingSender(failures: failures)
        let dispatcher = dispatcher(sender)
        for number in 0..<21 { #expect(dispatcher.enqueue(try message(number))) }
        let run = Task { await dispatcher.run() }
        try await waitUntil("one is sent, the others pause") {
            sender.count == 1 && clock.deadlines.count == 20
        }
        clock.advance(by: .seconds(60))
        try await waitUntil("all are sent") { sender.count == 21 }
        run.cancel()
        await run.value
    }

    @Test func unsentMessagesAreLoggedAtTheEnd() async throws {
        let sender = RecordingSender(failures: [.transient("busy", retryAfter: nil)])
        let dispatcher = dispatcher(sender)
        #expect(dispatcher.enqueue(try message()))
        let run = Task { await dispatcher.run() }
        try await waitUntil("it pauses") { clock.deadlines.count == 1 }
        run.cancel()
        await run.value
        #expect(log.all.contains { $0.contains("daemon stopping") && $0.contains("…0000") }, "\(log.all)")
    }

    @Test func aRefusalIsAProblemUntilAMessageGoesOut() async throws {
        let dispatcher = dispatcher(RecordingSender(failures: [.refused("wrong credentials")]))
        let run = Task { await dispatcher.run() }
        #expect(dispatcher.enqueue(try message(1)))
        try await waitUntil("the problem is known") { dispatcher.problem == "wrong credentials" }
        #expect(dispatcher.enqueue(try message(2)))
        try await waitUntil("it is over") { dispatcher.problem == nil }
        run.cancel()
        await run.value
    }
}
