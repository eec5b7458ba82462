import FoundationEssentials
import Glibc

/// The report of a rebuild, in a file beside the catalog until it is returned. If the rebuild is interrupted
/// after the exchange has begun, the next run finds the new catalog in the earlier one's place: it tells this
/// report, and does not take the new catalog for the earlier one.
struct RebuildRecord: Codable, Sendable {
    private var inode: UInt64
    private var size: Int64
    private var modified: Int64
    private var report: RebuildReport

    /// - Parameter new: the new catalog, complete. It is recognized under its later name.
    /// - Throws: ``CatalogError``.
    init(of new: String, _ report: RebuildReport) throws {
        guard let status = Self.status(of: new) else { throw CatalogFiles.fault("stat", new) }
        (inode, size, modified) = Self.identity(status)
        self.report = report
    }

    /// - Throws: ``CatalogError``.
    func write(beside file: String) throws {
        try CatalogFiles.replace(Self.path(file), with: Array(JSONEncoder().encode(self)))
    }

    /// The report of the run that made the catalog, if that was interrupted.
    /// - Returns: nil also if the catalog was opened since.
    static func report(of file: String) -> RebuildReport? {
        guard CatalogFiles.exists(path(file)), let status = status(of: file),
            let bytes = try? Data(contentsOf: URL(filePath: path(file))),
            var record = try? JSONDecoder().decode(RebuildRecord.self, from: bytes),
            identity(status) == (record.inode, record.size, record.modified)
        else { return nil }
        record.report.isOfInterruptedRun = true
        return record.report
    }

    static func remove(of file: String) { unlink(path(file)) }

    private static func path(_ file: String) -> String { file + ".rebuild" }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func identity(_ status: stat) -> (inode: UInt64, size: Int64, modified: Int64) {
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return (UInt64(status.st_ino), Int64(status.st_size), modified)
    }
}
