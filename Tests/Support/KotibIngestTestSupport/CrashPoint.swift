import GRDB
import Glibc
import KotibTestSupport
import Synchronization

/// Lets the n-th step fail, of those on the disk and the commits in the catalog together, or it and all that
/// follow, as if the daemon had ended there.
package final class CrashPoint: TransactionObserver, Sendable {
    package enum Kind: CaseIterable { case fault, end }

    private struct State {
        var left: Int?
        var kind = Kind.fault
        var wasHit = false
    }

    private let state = Mutex(State())

    package init() {}

    package func arm(_ kind: Kind, at step: Int) {
        state.withLock { $0 = State(left: step, kind: kind) }
    }

    /// - Returns: whether the step was reached.
    package func disarm() -> Bool {
        state.withLock { state in
            state.left = nil
            return state.wasHit
        }
    }

    private func isHit() -> Bool {
        state.withLock { state in
            guard let left = state.left else { return false }
            state.left = left - 1
            let isHit = state.kind == .fault ? left == 0 : left <= 0
            if isHit { state.wasHit = true }
            return isHit
        }
    }

    package func pass(_ step: FaultyFileSystem.Step) -> Int32? { isHit() ? EIO : nil }

    package func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    package func databaseDidChange(with event: DatabaseEvent) {}
    package func databaseWillCommit() throws {
        if isHit() { throw DatabaseError(resultCode: .SQLITE_IOERR, message: "injected") }
    }
    package func databaseDidCommit(_ database: Database) {}
    package func databaseDidRollback(_ database: Database) {}
}
