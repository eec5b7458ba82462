import FoundationEssentials
import GRDB
import KotibModel

/// The location of a recording's audio in the archive, or the one that it is being moved to.
public struct ArchivedAudio: Hashable, Sendable {
    public enum Phase: String, Sendable, CaseIterable {
        /// The path was free, and the audio is to be moved there.
        case intended
        /// The audio is there, complete and on the disk; the original is to be deleted.
        case copied
        /// The move is complete.
        case kept
    }

    public var recording: RecordingID
    /// Below the archive's folder.
    public var path: InboxPath
    public var phase: Phase
    /// The file as it came there; nil while it is intended.
    public var identity: FileIdentity?
    /// When this phase began.
    var time: Date
}

/// A recording that has rested.
public struct ArchivableRecording: Hashable, Sendable {
    public var recording: Recording
    /// The beginning of its rest as the catalog stores it: the key of the next page.
    var since: String
}

/// The archive's rows: the audio that lies there or is on its way.
public struct ArchivedAudioStore: CatalogStore {
    let database: CatalogDatabase

    /// The recordings that have rested since `end` or longer and whose audio may be archived: completed,
    /// present, with nothing to be written, moved, deleted or archived. Those that rest longest come first, a
    /// page at a time.
    /// - Parameter last: the last of the page before; nil for the first.
    public func resting(
        since end: Date, after last: ArchivableRecording?, limit: Int
    ) async throws(CatalogError) -> [ArchivableRecording] {
        try await read("resting") { database in
            let arguments: StatementArguments = [
                "since": last?.since ?? "", "last": last?.recording.id.rawValue ?? 0,
                "end": Timestamp.text(end), "limit": limit,
            ]
            return try database.rows(ArchiveSQL.resting, arguments).map { row in
                ArchivableRecording(recording: try Recording(row), since: row["rests_since"])
            }
        }
    }

    /// The beginning of the longest rest of all completed and present recordings; nil if there are none.
    public func longestRest() async throws(CatalogError) -> Date? {
        try await read("longestRest") { try $0.row(ArchiveSQL.longest, [])?.dateIfAny("rests_since") }
    }

    /// Nil where a recording's audio is neither in the archive nor on its way there.
    public func find(_ id: RecordingID) async throws(CatalogError) -> ArchivedAudio? {
        try await read("archived") { try $0.archived(id) }
    }

    /// Whether any audio is in the archive or is being moved there.
    public func hasAny() async throws(CatalogError) -> Bool {
        try await read("hasArchive") { try $0.row(ArchiveSQL.any, []) != nil }
    }

    /// The first step. From the commit on, a missing file of the recording counts as being moved and not as
    /// removed.
    /// - Parameters:
    ///   - seen: the recording as it was examined.
    ///   - end: it must have rested since then.
    ///   - copy: the file that has the path already, if it is the recording's audio.
    /// - Returns: false if the recording has changed since: nothing was done.
    public func begin(
        _ seen: Recording, at path: InboxPath, restingSince end: Date, copy: FileIdentity? = nil,
        now: Date = Date()
    ) async throws(CatalogError) -> Bool {
        try await write("beginArchiving") { database in
            let phase: ArchivedAudio.Phase = copy == nil ? .intended : .copied
            try database.run(
                ArchiveSQL.begin,
                seen.identity.arguments + Self.arguments(copy) + [
                    "recording": seen.id.rawValue, "path": seen.path.blob, "archive_path": path.blob,
                    "phase": phase.rawValue, "end": Timestamp.text(end), "now": Timestamp.text(now),
                ])
            return database.changesCount == 1
        }
    }

    /// The second step of a copy: the audio is in the archive as well.
    /// - Returns: false if the move was withdrawn: nothing was done.
    public func copied(
        _ id: RecordingID, _ copy: FileIdentity, now: Date = Date()
    ) async throws(CatalogError) -> Bool {
        try await write("archiveCopied") { database in
            try database.run(
                ArchiveSQL.copied,
                Self.arguments(copy) + ["recording": id.rawValue, "now": Timestamp.text(now)])
            return database.changesCount == 1
        }
    }

    /// The last step.
    /// - Parameters:
    ///   - seen: as it was when it was intended.
    ///   - isAway: whether the file is not at the recording's path any more.
    /// - Returns: whether the recording is archived now; false where it is present, elsewhere perhaps.
    public func finish(
        _ seen: Recording, _ copy: FileIdentity, isOriginalGone: Bool, now: Date = Date()
    ) async throws(CatalogError) -> Bool {
        try await write("finishArchiving") { database in
            let arguments: StatementArguments = ["recording": seen.id.rawValue, "now": Timestamp.text(now)]
            try database.run(ArchiveSQL.kept, arguments + Self.arguments(copy))
            guard database.changesCount == 1, isOriginalGone else { return false }
            try database.run(
                ArchiveSQL.depart, arguments + seen.identity.arguments + ["path": seen.path.blob])
            return database.changesCount == 1
        }
    }

    /// Withdraws the move if nothing of the recording is in the archive.
    public func withdraw(_ id: RecordingID) async throws(CatalogError) {
        try await write("withdrawArchiving") { try $0.run(ArchiveSQL.withdraw, [id.rawValue]) }
    }

    /// Moves to the archive that a crash or a fault interrupted, in the order of the recordings' ids, a page
    /// at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func unfinished(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [ArchivedAudio] {
        try await read("unfinishedArchivings") { database in
            try database.rows(ArchiveSQL.unfinished, ["last": last?.rawValue ?? 0, "limit": limit])
                .map(ArchivedAudio.init)
        }
    }

    /// NULL where there is no copy.
    private static func arguments(_ copy: FileIdentity?) -> StatementArguments {
        [
            "copy_device": copy.map { Int64(bitPattern: $0.device) },
            "copy_inode": copy.map { Int64(bitPattern: $0.inode) }, "copy_size": copy?.size,
            "copy_modified_ns": copy?.modified, "copy_changed_ns": copy?.changed,
        ]
    }
}

extension Database {
    fileprivate func archived(_ id: RecordingID) throws -> ArchivedAudio? {
        try row(ArchiveSQL.one, [id.rawValue]).map(ArchivedAudio.init)
    }

    func isBeingArchived(_ id: RecordingID) throws -> Bool {
        try archived(id).map { $0.phase != .kept } ?? false
    }
}

extension ArchivedAudio {
    fileprivate init(_ row: Row) throws {
        recording = RecordingID(rawValue: row["audio_record_id"])
        path = try InboxPath(row)
        phase = try row.value("phase")
        identity = phase == .intended ? nil : FileIdentity(row)
        time = try row.date("at")
    }
}

enum ArchiveSQL {
    /// A condition on a row of `audio_records` under the name `a`.
    static let isNotBeingArchived = """
        NOT EXISTS (SELECT 1 FROM archived x WHERE x.audio_record_id = a.id AND x.phase <> 'kept')
        """
    /// An expression for a row of `audio_records` under the name `a`.
    static let since = """
        (SELECT x.at FROM archived x
            WHERE x.audio_record_id = a.id AND x.phase = 'kept' AND a.audio_state <> 'present')
        """

    private static let rests = "a.transcription_status = 'completed' AND a.audio_state = 'present'"
    private static let isFree = """
        a.sidecar_due IS NULL AND \(DeletionSQL.isVisible)
            AND NOT EXISTS (SELECT 1 FROM moves m WHERE m.audio_record_id = a.id) AND \(isNotBeingArchived)
        """
    /// Rows that rest since the same moment are passed over one by one; there are few of them.
    static let resting = """
        SELECT \(RecordingSQL.columns), rests_since FROM audio_records a INDEXED BY audio_records_rest
        WHERE \(rests) AND a.rests_since >= :since AND a.rests_since <= :end
            AND NOT (a.rests_since = :since AND a.id <= :last) AND \(isFree)
        ORDER BY a.rests_since, a.id LIMIT :limit
        """
    static let longest = """
        SELECT a.rests_since FROM audio_records a INDEXED BY audio_records_rest
        WHERE \(rests) AND a.rests_since IS NOT NULL ORDER BY a.rests_since LIMIT 1
        """
    static let any = "SELECT 1 FROM archived LIMIT 1"
    static let one = "SELECT * FROM archived WHERE audio_record_id = ?"

    private static let identity = "device, inode, file_size, modified_ns, changed_ns"
    static let begin = """
        INSERT INTO archived (audio_record_id, path, phase, at, \(identity))
            SELECT a.id, :archive_path, :phase, :now,
                :copy_device, :copy_inode, :copy_size, :copy_modified_ns, :copy_changed_ns
            FROM audio_records a
            WHERE a.id = :recording AND \(rests) AND a.rests_since <= :end AND a.path = :path
                AND a.device = :device AND a.inode = :inode AND a.file_size = :file_size
                AND a.modified_ns = :modified_ns AND a.changed_ns = :changed_ns AND \(isFree)
        ON CONFLICT (audio_record_id) DO UPDATE SET path = excluded.path, phase = excluded.phase,
            at = excluded.at, device = excluded.device, inode = excluded.inode,
            file_size = excluded.file_size, modified_ns = excluded.modified_ns,
            changed_ns = excluded.changed_ns
        """
    private static let setIdentity = """
        at = :now, device = :copy_device, inode = :copy_inode, file_size = :copy_size,
            modified_ns = :copy_modified_ns, changed_ns = :copy_changed_ns
        """
    static let copied = """
        UPDATE archived SET phase = 'copied', \(setIdentity)
        WHERE audio_record_id = :recording AND phase <> 'kept'
        """
    static let kept = """
        UPDATE archived SET phase = 'kept', \(setIdentity)
        WHERE audio_record_id = :recording AND phase <> 'kept'
        """
    /// Attributes may have changed meanwhile: that file is the one that went all the same.
    static let depart = """
        UPDATE audio_records SET audio_state = 'gone', updated_at = :now
        WHERE id = :recording AND audio_state = 'present' AND path = :path AND device = :device
            AND inode = :inode AND file_size = :file_size AND modified_ns = :modified_ns
        """
    static let withdraw = "DELETE FROM archived WHERE audio_record_id = ? AND phase <> 'kept'"
    static let unfinished = """
        SELECT * FROM archived INDEXED BY archived_unfinished
        WHERE phase <> 'kept' AND audio_record_id > :last ORDER BY audio_record_id LIMIT :limit
        """
}
