import GRDB
import Glibc

/// Takes damaged pages of a catalog's list of tables from its backup, which has them under the same numbers.
///
/// The list changes with a migration only. It is the same one if the first page, which has its root, is as in
/// the backup, and if the identity and the migrations are, which are read by it afterwards.
struct SchemaRestoration {
    /// A copy of the damaged catalog, without a log.
    let copy: String
    let backup: String

    /// https://www.sqlite.org/fileformat2.html#database_header
    private static let headerSize = 100
    private static let pageSize = 16..<18
    private static let schemaFormat = 44..<48
    private static let encoding = 56..<60

    /// Writes the backup's list of tables into the copy; ``isOfBackup(_:)`` is to be asked then.
    /// - Returns: false where it is another one.
    /// - Throws: ``CatalogError`` where a file cannot be read or written.
    func run() throws -> Bool {
        guard CatalogFiles.size(copy + "-wal") ?? 0 == 0,
            let pages = CatalogContents.read(backup, Self.pages), let size = pages.size
        else { return false }
        let source = try open(backup, O_RDONLY)
        defer { close(source) }
        let target = try open(copy, O_RDWR)
        defer { close(target) }
        guard let first = Self.page(1, size, source), let own = Self.page(1, size, target),
            own.starts(with: "SQLite format 3\0".utf8), Self.isSameList(first, own)
        else { return false }
        for number in pages.numbers where number != 1 {
            guard let page = Self.page(number, size, source) else { return false }
            if Self.page(number, size, target) == page { continue }
            guard pwrite(target, page, size, off_t(number - 1) * off_t(size)) == size else {
                throw CatalogFiles.fault("write", copy)
            }
        }
        return true
    }

    /// Whether the copy, opened with the backup's list, is of the same catalog with the same tables.
    func isOfBackup(_ copy: DatabaseQueue) -> Bool {
        let signs = { (database: Database) throws -> (identity: String?, migrations: Set<String>) in
            try (CatalogContents.identity(database), Migrations.all.appliedIdentifiers(database))
        }
        guard let own = try? copy.writeWithoutTransaction(signs),
            let other = CatalogContents.read(backup, signs)
        else { return false }
        return own.identity != nil && own == other
    }

    private static func isSameList(_ first: [UInt8], _ own: [UInt8]) -> Bool {
        let fields = [pageSize, schemaFormat, encoding]
        return fields.allSatisfy { first[$0] == own[$0] } && first[headerSize...] == own[headerSize...]
    }

    /// The pages of a sound catalog's list of tables, from 1 (https://www.sqlite.org/dbstat.html).
    private static func pages(_ database: Database) throws -> (numbers: [Int], size: Int?) {
        let numbers = try Int.fetchAll(
            database, sql: "SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'")
        return (numbers, try Int.fetchOne(database, sql: "PRAGMA page_size"))
    }

    private static func page(_ number: Int, _ size: Int, _ descriptor: Int32) -> [UInt8]? {
        var page = [UInt8](repeating: 0, count: size)
        return pread(descriptor, &page, size, off_t(number - 1) * off_t(size)) == size ? page : nil
    }

    private func open(_ path: String, _ flags: Int32) throws -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw CatalogFiles.fault("open", path) }
        return descriptor
    }
}
