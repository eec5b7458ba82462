import GRDB

/// The identity of a catalog or backup, and how much it holds.
struct CatalogContents: Hashable, Sendable {
    /// Made once with the catalog; nil where an earlier version wrote the file.
    var identity: String?
    var users = 0
    var revisions = 0
    /// The last ids that were given; these only rise.
    var lastRecording: Int64 = 0
    var lastRevision: Int64 = 0

    /// Users or revisions that somebody may have deleted in a small catalog without anybody being asked.
    private static let fewRows = 10

    init(_ database: Database) throws {
        identity = try Self.identity(database)
        (lastRecording, lastRevision) = try Self.lastIDs(database)
        users = try Int.fetchOne(database, sql: "SELECT count(*) FROM users") ?? 0
        revisions = try Int.fetchOne(database, sql: "SELECT count(*) FROM transcript_revisions") ?? 0
    }

    /// Nil where there is no such file, or none that can be read.
    static func of(_ file: String) -> CatalogContents? {
        read(file, CatalogContents.init)
    }

    /// Whether this must not be replaced by `other`: it is another catalog's, or has rows that `other` never
    /// had, or far more of them.
    func hasMore(than other: CatalogContents) -> Bool {
        guard users > 0 || revisions > 0 else { return false }
        if let identity, let another = other.identity, identity != another { return true }
        if lastRecording > other.lastRecording || lastRevision > other.lastRevision { return true }
        // Of a catalog that may be another one nothing is taken for little.
        let few = identity == nil ? 1 : Self.fewRows
        let isFarLess = { (now: Int, before: Int) in now * 2 < before && before - now >= few }
        return isFarLess(other.users, users) || isFarLess(other.revisions, revisions)
    }

    static func identity(_ database: Database) throws -> String? {
        guard try database.tableExists("identity") else { return nil }
        return try String.fetchOne(database, sql: "SELECT value FROM identity")
    }

    static func identity(of file: String) -> String? {
        read(file) { try identity($0) } ?? nil
    }

    /// Of recordings and revisions.
    static func lastIDs(_ database: Database) throws -> (recording: Int64, revision: Int64) {
        let last = { (table: String) in
            try Int64.fetchOne(
                database, sql: "SELECT seq FROM sqlite_sequence WHERE name = ?", arguments: [table]) ?? 0
        }
        return try (last("audio_records"), last("transcript_revisions"))
    }

    static func read<Value>(_ file: String, _ body: (Database) throws -> Value) -> Value? {
        guard CatalogFiles.size(file) ?? 0 > 0 else { return nil }
        var configuration = CatalogFiles.configuration()
        configuration.readonly = true
        guard let queue = try? DatabaseQueue(path: file, configuration: configuration) else { return nil }
        defer { try? queue.close() }
        return try? queue.read(body)
    }
}
