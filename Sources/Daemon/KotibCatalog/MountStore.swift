import FoundationEssentials
import GRDB
import KotibModel

/// The folders in the inbox at which something is or was mounted.
public struct MountStore: CatalogStore {
    let database: CatalogDatabase

    /// Mount points that are kept; no administrator has more.
    static let maxMounts = 1000

    /// Records the mount points, and forgets those where nothing is mounted any more and no recording lies
    /// below, not even one that is being deleted.
    /// - Parameter mounted: the current ones.
    /// - Returns: the recorded ones where nothing is mounted any more.
    public func lost(_ mounted: Set<InboxPath>) async throws(CatalogError) -> Set<InboxPath> {
        let known = try await read("mounts") { database in
            Set(try database.rows(MountSQL.all, []).map { try InboxPath($0) })
        }
        let (new, lost) = (mounted.subtracting(known), known.subtracting(mounted))
        guard !new.isEmpty || !lost.isEmpty else { return [] }
        return try await write("lostMounts") { database in
            for place in new.prefix(max(0, Self.maxMounts - known.count)) {
                try database.run(MountSQL.add, [place.blob])
            }
            return try lost.filter { place in
                let bounds = place.boundsOfContent
                let holds =
                    try database.row(MountSQL.holds, ["from": bounds.0, "until": bounds.1]) != nil
                if !holds { try database.run(MountSQL.remove, [place.blob]) }
                return holds
            }
        }
    }
}

enum MountSQL {
    static let all = "SELECT path FROM mounts"
    static let add = "INSERT INTO mounts (path) VALUES (?) ON CONFLICT DO NOTHING"
    static let remove = "DELETE FROM mounts WHERE path = ?"
    static let holds = """
        SELECT 1 FROM audio_records INDEXED BY audio_records_current_path
        WHERE path >= :from AND path < :until AND is_current = 1
        UNION ALL
        SELECT 1 FROM deletions d CROSS JOIN audio_records a ON a.id = d.audio_record_id
        WHERE a.path >= :from AND a.path < :until
        LIMIT 1
        """
}
