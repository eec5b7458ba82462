import KotibModel
import KotibRuntime
import Testing

@testable import KotibTranscription

struct StateMachineTests {
    typealias Machine = QueueStateMachine

    private func recovered(slots: Int = 1) -> Machine {
        var machine = Machine(slots: [slots])
        machine.recovered()
        return machine
    }

    private let first = RecordingID(rawValue: 1)
    private let second = RecordingID(rawValue: 2)

    @Test func recoveryComesBeforeTheFirstClaim() {
        var machine = Machine(slots: [1])
        #expect(machine.step(now: .zero) == .recover)
        let isNews = machine.catalogFailed(now: .zero)
        #expect(isNews)
        #expect(machine.step(now: .zero) == .wait(until: .seconds(1)))
        #expect(machine.step(now: .seconds(1)) == .recover)
        let isNewsAgain = machine.catalogFailed(now: .seconds(1))
        #expect(!isNewsAgain)
        #expect(machine.step(now: .seconds(1)) == .wait(until: .seconds(3)))
        machine.recovered()
        #expect(machine.step(now: .seconds(1)) == .claim(lane: 0))
    }

    @Test func slotsAreFilledAndNotExceeded() {
        var machine = recovered(slots: 2)
        #expect(machine.step(now: .zero) == .claim(lane: 0))
        machine.claimed(first, lane: 0)
        #expect(machine.step(now: .zero) == .claim(lane: 0))
        machine.claimed(second, lane: 0)
        #expect(machine.step(now: .zero) == .wait(until: nil))
        _ = machine.ended(first, .answered, now: .zero)
        #expect(machine.step(now: .zero) == .claim(lane: 0))
    }

    @Test func anEmptyCatalogIsNotAskedAgainUntilSomethingMayHaveChanged() {
        var machine = recovered()
        #expect(machine.step(now: .zero) == .claim(lane: 0))
        machine.foundNothing(nextDue: .seconds(9), lane: 0)
        #expect(machine.step(now: .seconds(1)) == .wait(until: .seconds(9)))
        #expect(machine.step(now: .seconds(9)) == .claim(lane: 0))
        machine.foundNothing(nextDue: nil, lane: 0)
        #expect(machine.step(now: .seconds(99)) == .wait(until: nil))
        machine.rowsAdded()
        #expect(machine.step(now: .seconds(99)) == .claim(lane: 0))
    }

    @Test func rowsAddedWhileTheCatalogIsAskedAreNotMissed() {
        var machine = recovered()
        #expect(machine.step(now: .zero) == .claim(lane: 0))
        machine.rowsAdded()
        machine.foundNothing(nextDue: nil, lane: 0)
        #expect(machine.step(now: .zero) == .claim(lane: 0))
    }

    @Test func whileTheEngineIsOutOneProbeGoesAhead() {
        var machine = recovered(slots: 2)
        machine.claimed(first, lane: 0)
        machine.claimed(second, lane: 0)
        _ = machine.ended(first, .unavailable(retryAfter: nil), now: .zero)
        _ = machine.ended(second, .unavailable(retryAfter: nil), now: .zero)
        #expect(machine.step(now: .zero) == .wait(until: .seconds(1)))
        #expect(machine.step(now: .seconds(1)) == .claim(lane: 0))
        machine.claimed(first, lane: 0)
        #expect(machine.step(now: .seconds(1)) == .wait(until: nil))
        #expect(machine.ended(first, .answered, now: .seconds(2)) == .closed(after: .seconds(2)))
        #expect(machine.step(now: .seconds(2)) == .claim(lane: 0))
    }

    @Test func stoppingClaimsNothingAndCancelsAfterTheGrace() {
        var machine = recovered(slots: 2)
        machine.claimed(first, lane: 0)
        machine.stop(deadline: .seconds(20))
        #expect(machine.step(now: .zero) == .wait(until: .seconds(20)))
        #expect(machine.step(now: .seconds(20)) == .cancelRunning)
        #expect(machine.step(now: .seconds(20)) == .wait(until: nil))
        _ = machine.ended(first, .abandoned, now: .seconds(21))
        #expect(machine.step(now: .seconds(21)) == .end)
    }

    @Test func aSecondStopCanOnlyHurry() {
        var machine = recovered()
        machine.claimed(first, lane: 0)
        machine.stop(deadline: .seconds(20))
        machine.stop(deadline: .seconds(5))
        machine.stop(deadline: .seconds(50))
        #expect(machine.step(now: .seconds(5)) == .cancelRunning)
    }
}
