import GRDB
import Synchronization

/// Many callers' writes in one transaction, with one fsync for all of them.
///
/// A write that finds the writer idle is committed at once. Those that come while a transaction is under way
/// wait together and share the next one. Each runs in a savepoint of its own, so that one that fails takes
/// nothing of the others with it, and each caller goes on only when the commit is on the disk.
///
/// A caller's cancellation does not cancel its write: a job that is handed back because its task was
/// cancelled must still reach the disk.
final class GroupCommit: Sendable {
    /// One transaction's share: keeps the wait for a commit short when thousands queue.
    static let maxWritesPerTransaction = 1024

    /// Called once the fate of the transaction is known: nil for a commit.
    typealias Completion = @Sendable (CatalogError?) -> Void

    private struct Write: Sendable {
        /// Does the work in a savepoint. The completion tells the caller.
        var run: @Sendable (Database) -> (completion: Completion, failure: CatalogError?)
        /// Tells the caller that the work was not begun.
        var refuse: Completion
    }

    private struct Waiting {
        var writes: [Write] = []
        var isScheduled = false
    }

    private let writer: any DatabaseWriter
    private let file: String
    private let damage: CatalogDamage
    private let waiting = Mutex(Waiting())

    init(_ writer: any DatabaseWriter, file: String, damage: CatalogDamage) {
        self.writer = writer
        self.file = file
        self.damage = damage
    }

    /// Runs `body` in a transaction and returns its value once that is committed.
    func write<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        let file = file
        let result: Result<Value, CatalogError> = await withCheckedContinuation { caller in
            let run: @Sendable (Database) -> (completion: Completion, failure: CatalogError?) = { database in
                let result = Self.inSavepoint(database, body)
                    .mapError { CatalogError($0, operation: operation, file: file) }
                let completion: Completion = { failure in
                    caller.resume(returning: failure.map(Result.failure) ?? result)
                }
                if case .failure(let error) = result { return (completion, error) }
                return (completion, nil)
            }
            let refuse: Completion = { failure in
                let unexplained = CatalogError(
                    code: .other, operation: operation, message: "not begun", file: file)
                caller.resume(returning: .failure(failure ?? unexplained))
            }
            enqueue(Write(run: run, refuse: refuse))
        }
        if case .failure(let error) = result { damage.note(error) }
        return try result.get()
    }

    private static func inSavepoint<Value>(
        _ database: Database, _ body: (Database) throws -> Value
    ) -> Result<Value, any Error> {
        Result {
            var value: Value?
            try database.inSavepoint {
                value = try body(database)
                return .commit
            }
            guard let value else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
            return value
        }
    }

    private func enqueue(_ write: Write) {
        let mustSchedule = waiting.withLock { waiting in
            waiting.writes.append(write)
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        if mustSchedule { schedule() }
    }

    private func schedule() {
        writer.asyncWriteWithoutTransaction { self.commitNextGroup($0) }
    }

    private func commitNextGroup(_ database: Database) {
        let (group, mustSchedule) = waiting.withLock { waiting in
            let group = Array(waiting.writes.prefix(Self.maxWritesPerTransaction))
            waiting.writes.removeFirst(group.count)
            waiting.isScheduled = !waiting.writes.isEmpty
            return (group, waiting.isScheduled)
        }
        if mustSchedule { schedule() }
        commit(group, in: database)
    }

    private func commit(_ group: [Write], in database: Database) {
        var completions: [Completion] = []
        var failure: CatalogError?
        var cause: CatalogError?
        do {
            try database.inTransaction(.immediate) {
                // A full disk and the like end the whole transaction
                // (https://www.sqlite.org/lang_transaction.html): GRDB then refuses every statement up to the
                // end of this block, and the commit.
                for write in group {
                    let (completion, failure) = write.run(database)
                    completions.append(completion)
                    if let failure, cause == nil, failure.endsTransactions { cause = failure }
                }
                return .commit
            }
        } catch {
            var error = CatalogError(error, operation: "commit", file: file)
            // That the commit finds no transaction any more says less than what ended it.
            if error.code == .rolledBack, let cause {
                (error.code, error.message) = (cause.code, cause.message)
            }
            failure = error
        }
        for completion in completions { completion(failure) }
        for write in group.dropFirst(completions.count) { write.refuse(failure) }
    }
}
