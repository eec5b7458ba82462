import KotibModel
import KotibWorkerProtocol
import Testing

@testable import KotibWorkerClient

/// A conversation that a test's expectations can carry on.
private final class Talk {
    private var conversation: WorkerProtocolState

    init(_ limits: WorkerLimits) { conversation = WorkerProtocolState(limits: limits) }

    var isReplyExpected: Bool { conversation.isReplyExpected }

    func begin(deadline: Duration?, at now: Duration) -> UInt64? {
        conversation.begin(deadline: deadline, at: now)
    }

    func send(_ id: UInt64) -> Bool { conversation.send(id) }

    func cancel(_ id: UInt64, at now: Duration) -> Bool { conversation.cancel(id, at: now) }

    @discardableResult
    func receive(_ reply: WorkerReply, at now: Duration) throws(WorkerError) -> WorkerProtocolState.Step {
        try conversation.receive(reply, at: now)
    }

    func overdue(at now: Duration) -> WorkerError? { conversation.overdue(at: now) }
}

struct WorkerProtocolStateTests {
    private let limits = WorkerLimits(
        start: .seconds(10), stall: .seconds(5), cancel: .seconds(2), exit: .seconds(1))
    private let ready = WorkerReply.ready(WorkerReady(model: nil, sandbox: []))

    @Test func takesNoRequestBeforeReadyNorWhileBusy() throws {
        let talk = Talk(limits)
        #expect(talk.begin(deadline: nil, at: .zero) == nil)
        _ = try talk.receive(ready, at: .seconds(1))
        let id = try #require(talk.begin(deadline: nil, at: .seconds(2)))
        #expect(talk.begin(deadline: nil, at: .seconds(2)) == nil)
        #expect(talk.send(id))
        #expect(try talk.receive(.cancelled(request: id), at: .seconds(3)) == .answer)
        #expect(talk.begin(deadline: nil, at: .seconds(3)) == id + 1)
    }

    @Test func onlyTheStartIsTimedUntilReady() throws {
        let talk = Talk(limits)
        #expect(talk.overdue(at: .seconds(9)) == nil)
        #expect(talk.overdue(at: .seconds(10)) == .stalled(after: .seconds(10)))
        _ = try talk.receive(ready, at: .seconds(9))
        #expect(talk.overdue(at: .seconds(1000)) == nil)
        #expect(!talk.isReplyExpected)
    }

    @Test func everyReplyHoldsTheStallOffButNotTheDeadline() throws {
        let (talk, id) = try serving(deadline: .seconds(12))
        for second in 1...11 {
            #expect(talk.overdue(at: .seconds(second)) == nil)
            #expect(try talk.receive(.progress(request: id, fraction: 0), at: .seconds(second)) == .progress)
        }
        #expect(talk.overdue(at: .seconds(12)) == .overdue(after: .seconds(12)))
        #expect(talk.overdue(at: .seconds(16)) == .stalled(after: .seconds(5)))
    }

    @Test func cancelIsSentOnceAndHasAGrace() throws {
        let (talk, id) = try serving(deadline: nil)
        #expect(talk.cancel(id, at: .seconds(1)))
        #expect(!talk.cancel(id, at: .seconds(2)))
        #expect(talk.overdue(at: .seconds(2)) == nil)
        #expect(talk.overdue(at: .seconds(3)) == .cancelled)
    }

    @Test func aRequestCancelledBeforeItIsSentNeverIs() throws {
        let talk = Talk(limits)
        _ = try talk.receive(ready, at: .zero)
        let id = try #require(talk.begin(deadline: nil, at: .zero))
        #expect(!talk.cancel(id, at: .zero))
        #expect(!talk.send(id))
        #expect(!talk.isReplyExpected)
    }

    @Test func aCancelThatCrossesTheAnswerIsNoBreach() throws {
        let (talk, id) = try serving(deadline: nil)
        #expect(try talk.receive(.failed(request: id, reason: ""), at: .zero) == .answer)
        #expect(!talk.cancel(id, at: .zero))
        #expect(try talk.receive(.cancelled(request: id), at: .zero) == .late)
    }

    @Test func unexpectedReplyIsAProtocolViolation() throws {
        let (talk, id) = try serving(deadline: nil)
        for reply in [ready, .progress(request: id + 1, fraction: 0), .cancelled(request: id + 1)] {
            #expect(throws: WorkerError.protocolViolation(detail: "unexpected reply")) {
                try talk.receive(reply, at: .zero)
            }
        }
        let starting = Talk(limits)
        #expect(throws: WorkerError.self) { try starting.receive(.cancelled(request: 1), at: .zero) }
    }

    @Test func restartsWaitLongerAndLongerUntilThereWasWork() {
        let delays = (0...9).map { WorkerPool.restartDelay(after: $0) / .milliseconds(1) }
        #expect(delays == [0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    }

    @Test func linesAreCutAndEscaped() {
        var cutter = LineSplitter(longest: 5)
        let lines = ["ab\nlonger than", "\n\n\u{1B}[0m\nx"].map { cutter.add($0.utf8) }
        #expect(lines == [["ab"], ["longe…", "\\x1b[0m"]])
        let ends = [cutter.end(), cutter.end()]
        #expect(ends == ["x", nil])
    }

    private func serving(deadline: Duration?) throws -> (Talk, UInt64) {
        let talk = Talk(limits)
        _ = try talk.receive(ready, at: .zero)
        let id = try #require(talk.begin(deadline: deadline, at: .zero))
        try #require(talk.send(id))
        return (talk, id)
    }
}
