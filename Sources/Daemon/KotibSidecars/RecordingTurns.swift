import KotibModel
import Synchronization

/// Lets one at a time change the words of a recording or what stands beside it: who reads words, writes their file
/// and registers it does so before the next reads, or the older words could outlast the newer.
///
/// Turns are by path and not by recording, since one that lay at the path earlier shares its names. They come in
/// the order of asking. Who has a turn must not ask for another; who moves a recording asks for both at once. A cancelled task still waits for its turn, which
/// is never long: some steps on the disk and in the catalog.
public final class RecordingTurns: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>

    /// Those who wait, at each path where somebody has the turn.
    private let waiting = Mutex<[InboxPath: [Waiter]]>([:])

    public init() {}

    /// Runs `body` when all who asked before are done.
    public func take<Value, Failure: Error>(
        at path: InboxPath, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await begin(at: path)
        defer { end(at: path) }
        return try await body()
    }

    /// As ``take(at:isolation:_:)``, at two paths: always in the same order, or two could wait for each other.
    public func take<Value, Failure: Error>(
        at path: InboxPath, and other: InboxPath, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let (first, second) = (min(path, other), max(path, other))
        await begin(at: first)
        defer { end(at: first) }
        if first != second { await begin(at: second) }
        defer { if first != second { end(at: second) } }
        return try await body()
    }

    /// How many wait.
    func count(at path: InboxPath) -> Int { waiting.withLock { $0[path]?.count ?? 0 } }

    private func begin(at path: InboxPath, isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { waiter in
            let isFree = waiting.withLock { waiting in
                guard waiting[path] != nil else {
                    waiting[path] = []
                    return true
                }
                waiting[path]?.append(waiter)
                return false
            }
            if isFree { waiter.resume() }
        }
    }

    private func end(at path: InboxPath) {
        let next: Waiter? = waiting.withLock { waiting in
            guard waiting[path]?.isEmpty == false else {
                waiting[path] = nil
                return nil
            }
            return waiting[path]?.removeFirst()
        }
        next?.resume()
    }
}
