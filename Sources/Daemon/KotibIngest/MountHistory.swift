import KotibCatalog
import KotibModel
import KotibPOSIX

/// The folders in the inbox at which something is or was mounted.
///
/// After an unmount the bare folder hides the recordings, and its device number may be theirs: a bind mount
/// has that of the file system that it shows. The catalog keeps the mount points, so that a restart, or a
/// mount that fails at boot, changes nothing.
package struct MountHistory: Sendable {
    /// The places below an open folder; nil where they are not known.
    package typealias Reader = @Sendable (OpenFile) -> Set<[UInt8]>?

    private let files: any FileSystem
    private let catalog: Catalog
    private let read: Reader

    package init(
        files: any FileSystem, catalog: Catalog, read: @escaping Reader = { MountTable.places(below: $0) }
    ) {
        self.files = files
        self.catalog = catalog
        self.read = read
    }

    /// Keeps the places where something is mounted now.
    func update() async throws(CatalogError) {
        _ = try await lost()
    }

    /// Whether `path` lies below a place where nothing is mounted any more.
    func hides(_ path: InboxPath) async throws(CatalogError) -> Bool {
        let lost = try await lost()
        var folder = path.parent
        while let above = folder {
            if lost.contains(above) { return true }
            folder = above.parent
        }
        return false
    }

    private func lost() async throws(CatalogError) -> Set<InboxPath> {
        let (files, read) = (files, read)
        let now = await BlockingWork.run { (try? files.openFolder(nil)).flatMap(read) }
        guard let now else { return [] }
        return try await catalog.mounts.lost(Set(now.compactMap { InboxPath($0) }))
    }
}
