import FoundationEssentials
import Glibc

/// The losses of a catalog that nobody was told of yet, in a file beside it: what shows them is gone as soon
/// as SQLite opens the catalog, which begins the log anew, and the start may end before anybody is told.
struct CatalogLossRecord: Sendable {
    private let file: String
    private var path: String { file + ".losses" }

    init(of file: String) {
        self.file = file
    }

    /// Adds losses to those that are recorded. They are on the disk when this returns.
    /// - Returns: all of them, the earlier ones first.
    /// - Throws: ``CatalogError``; then the catalog must not be opened.
    func add(_ losses: [CatalogLoss]) throws(CatalogError) -> [CatalogLoss] {
        let recorded = recorded()
        let all = recorded + losses.filter { !recorded.contains($0) }
        guard all != recorded else { return all }
        do {
            try CatalogFiles.replace(path, with: Array(JSONEncoder().encode(all)))
        } catch {
            throw CatalogError(error, operation: "record a loss", file: file)
        }
        return all
    }

    /// A record that cannot be read is still one of a loss.
    private func recorded() -> [CatalogLoss] {
        guard CatalogFiles.exists(path) else { return [] }
        let losses = try? JSONDecoder().decode(
            [CatalogLoss].self, from: Data(contentsOf: URL(filePath: path)))
        return losses ?? [.logDamaged(file + "-wal", copy: nil)]
    }

    /// To be called when somebody was told. One that stays is told again.
    func remove() { unlink(path) }
}
