import Glibc

/// The exchange of a catalog for a new one, in steps of which each may be the last before a crash. It is
/// decided when the new file, which is on the disk by then, has the name `.exchange`: from then on whoever is
/// to open the catalog completes it first, since the earlier file without its log is an older state.
struct CatalogExchange: Sendable {
    let file: String
    /// Called before each step.
    var beforeStep: @Sendable () throws -> Void = {}

    private var decided: String { file + ".exchange" }

    /// Nobody may have either file open.
    /// - Parameter new: a complete catalog.
    /// - Returns: the path that the earlier file was renamed to; nil if there was none.
    func run(_ new: String) throws -> String? {
        try step {
            CatalogFiles.giveToOwnerOfFolder(new)
            try CatalogFiles.sync(new)
        }
        try step { try CatalogFiles.move(new, to: decided) }
        return try complete()
    }

    /// Ends an exchange that was decided; does nothing if none was.
    /// - Returns: the path that the earlier file was renamed to.
    @discardableResult
    func complete() throws -> String? {
        guard let aside = placeOfEarlier(for: decided) else { return nil }
        for ending in ["", "-wal", "-journal"] where CatalogFiles.exists(file + ending) {
            try step { try keep(file + ending, as: aside + ending) }
        }
        try step { try CatalogFiles.syncFolder(of: file) }
        // A log of the earlier file would be taken for the new one's.
        for ending in CatalogFiles.companions { try step { _ = unlink(file + ending) } }
        try step { try CatalogFiles.move(decided, to: file) }
        return CatalogFiles.exists(aside) ? aside : nil
    }

    /// The path that the earlier file is renamed to; the same after a crash.
    /// - Parameter new: the new catalog, under any of its names.
    /// - Returns: nil if there is no new catalog.
    func placeOfEarlier(for new: String) -> String? {
        var status = stat()
        guard stat(new, &status) == 0 else { return nil }
        return "\(file).damaged-\(CatalogFiles.time(of: status))"
    }

    private func step(_ body: () throws -> Void) throws {
        try beforeStep()
        try body()
    }

    private func keep(_ name: String, as aside: String) throws {
        if link(name, aside) == 0 { return }
        let (code, fault) = (errno, CatalogFiles.fault("link", aside))
        guard code == EEXIST, CatalogFiles.isSameFile(name, aside) else { throw fault }
    }
}
