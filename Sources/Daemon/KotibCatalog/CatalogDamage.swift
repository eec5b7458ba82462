import Synchronization

/// Reports once that SQLite has found the open catalog damaged, whichever call found it.
final class CatalogDamage: Sendable {
    let found: AsyncStream<CatalogError>
    private let tell: AsyncStream<CatalogError>.Continuation
    private let first = Mutex<CatalogError?>(nil)

    init() {
        (found, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Nil where none was found.
    var error: CatalogError? { first.withLock { $0 } }

    /// Takes note of a failed call, where it failed for that.
    func note(_ error: CatalogError) {
        guard error.code == .corrupt else { return }
        let isFirst = first.withLock { first in
            defer { first = first ?? error }
            return first == nil
        }
        if isFirst { tell.yield(error) }
    }

    func finish() { tell.finish() }
}
