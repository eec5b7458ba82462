import Synchronization

/// Reports once that SQLite has found the open catalog damaged, whichever call found it.
final class CatalogDamage: Sendable {
    let found: AsyncStream<CatalogError>
    private let tell: AsyncStream<CatalogError>.Continuation
    private let isFound = Atomic(false)

    init() {
        (found, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Takes note of a failed call, where it failed for that.
    func note(_ error: CatalogError) {
        guard error.code == .corrupt else { return }
        if !isFound.exchange(true, ordering: .relaxed) { tell.yield(error) }
    }

    func finish() { tell.finish() }
}
