import FoundationEssentials
import GRDB
import KotibModel

/// The outcome of accepting a recording.
public enum Acceptance: Hashable, Sendable {
    case new(RecordingID)
    /// The same content was known at the path: only the identity changed, and a removed recording is present
    /// again.
    case unchanged(RecordingID)
    /// Other content is at the path now. The caller cancels the job of `old` and removes `notes`; the sidecar
    /// of the old transcript stays registered, so that the new one may replace it.
    case replaced(RecordingID, old: RecordingID, notes: [Sidecar])
    /// The recording at the path grew: it is transcribed again as a whole, and its words are kept until then.
    /// A running job may end: its words are those of the beginning. The caller removes `notes`.
    case grown(RecordingID, notes: [Sidecar])
    /// A refused file that is valid now, or a failed one that was put there again. The caller removes
    /// `notes`.
    case readmitted(RecordingID, notes: [Sidecar])

    /// The recording that now has the path.
    public var recording: RecordingID {
        switch self {
        case .new(let id), .unchanged(let id), .replaced(let id, _, _), .grown(let id, _),
            .readmitted(let id, _):
            id
        }
    }
}

/// The outcome of refusing a file.
public struct Refusal: Hashable, Sendable {
    public var recording: RecordingID
    /// Whether nothing was refused because it is an earlier accepted recording.
    public var isKept = false
    /// Whether the recording grew and the quota has no room for the growth: it is unchanged, its job goes on,
    /// and the growth waits.
    public var waitsToGrow = false
    /// Whether the recording grew and is refused as it is now: what was accepted is unchanged, and its job
    /// goes on.
    public var isOfGrowth = false
    /// The recording that had the path before. The caller cancels its job.
    public var old: RecordingID?
    /// Notes about `old`, for the caller to remove.
    public var notes: [Sidecar]
}

/// A recording whose audio was removed.
public struct Departure: Hashable, Sendable {
    public var recording: RecordingID
    /// Notes about a missing file, for the caller to remove.
    public var notes: [Sidecar]
}

/// Files of the inbox: accepted, refused or gone.
public struct IngestStore: CatalogStore {
    let database: CatalogDatabase

    static let departuresAtOnce = 500

    /// For each file, whether the current recording at the path has exactly this identity and is present, so
    /// that nothing needs to be done. Costs some 10 µs each.
    public func isKnown(_ files: [(InboxPath, FileIdentity)]) async throws(CatalogError) -> [Bool] {
        try await read("isKnown") { database in
            let statement = try database.cachedStatement(sql: Self.identityAtPath)
            return try files.map { path, identity in
                guard let row = try Row.fetchOne(statement, arguments: [path.blob]) else { return false }
                return FileIdentity(row) == identity
            }
        }
    }

    /// Records a file that passed inspection if it fits its user's quota. Check and insertion are one
    /// transaction, so that two files never share the same room. A recording that grew needs room only for
    /// the added part.
    /// - Parameters:
    ///   - doubt: the file may have changed unnoticed while it was inspected: its words are not reused for
    ///     others.
    ///   - words: an existing text beside it: for a new recording they are its words, and it need not be
    ///     transcribed.
    /// - Returns: the reason why it does not fit; then nothing was changed.
    public func accept(
        _ path: InboxPath, identity: FileIdentity, facts: AudioFacts, doubt: ContentDoubt = .none,
        under quotas: Quotas, adopting words: ExistingText? = nil
    ) async throws(CatalogError) -> Result<Acceptance, Rejection> {
        let now = quotas.now()
        let arrival = InspectedFile(
            path: path, identity: identity, facts: facts, doubt: doubt, now: now)
        let day = quotas.days.day(of: now)
        return try await write("accept") { database in
            let outcome = try ArrivalRecorder(database).accept(
                arrival, within: quotas.limits, on: day, hasWords: words != nil)
            if let words, case .success(.new(let id)) = outcome { try database.adopt(words, for: id, now) }
            return outcome
        }
    }

    /// Records a file that passed inspection, whatever its user's quota says.
    public func accept(
        _ path: InboxPath, identity: FileIdentity, facts: AudioFacts, now: Date = Date()
    ) async throws(CatalogError) -> Acceptance {
        let arrival = InspectedFile(path: path, identity: identity, facts: facts, now: now)
        return try await write("accept") {
            try ArrivalRecorder($0).accept(arrival, inPlaceOf: $0.currentRecording(path))
        }
    }

    /// Records a refused file; its note becomes due.
    /// - Parameters:
    ///   - message: one sentence for the person, kept with the record.
    ///   - facts: of a good recording that exceeds the quota and is accepted when there is room.
    public func reject(
        _ path: InboxPath, identity: FileIdentity, rejection: Rejection, message: String,
        facts: AudioFacts? = nil, doubt: ContentDoubt = .none, now: Date = Date()
    ) async throws(CatalogError) -> Refusal {
        let arrival = RejectedFile(
            path: path, identity: identity, code: rejection.code, message: message, now: now)
        return try await write("reject") {
            try ArrivalRecorder($0).reject(arrival, waitingWith: facts, doubt)
        }
    }

    /// Marks the file at `path`, or every file below that folder, as removed. The caller cancels their jobs.
    ///
    /// At most 500 of them, so that a large folder does not delay other writes: call again until none is
    /// left.
    /// - Parameters:
    ///   - device: only files that lay on this one; nil for all.
    ///   - exactly: files below the path are left alone: a folder has taken a file's name.
    public func markGone(
        _ path: InboxPath, on device: UInt64? = nil, exactly: Bool = false, now: Date = Date()
    ) async throws(CatalogError) -> [Departure] {
        try await write("markGone") { database in
            let bounds = exactly ? (path.blob, path.blob) : path.boundsOfContent
            let rows = try database.rows(
                Self.presentAtOrBelow,
                [
                    "path": path.blob, "from": bounds.0, "until": bounds.1,
                    "device": device.map(Int64.init(bitPattern:)),
                ])
            return try rows.map { row in
                let id = RecordingID(rawValue: row["id"])
                let notes = try database.notesToRemove(of: id)
                try database.run(Self.depart, ["now": Timestamp.text(now), "recording": id.rawValue])
                return Departure(recording: id, notes: notes)
            }
        }
    }

    /// The recordings whose audio should be there, in the order of their ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func present(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [PresentRecording] {
        try await read("present") { database in
            let page: StatementArguments = ["last": last?.rawValue ?? 0, "limit": limit]
            return try database.rows(Self.presentPage, page).map { row in
                PresentRecording(
                    id: RecordingID(rawValue: row["id"]), path: try InboxPath(row),
                    identity: FileIdentity(row))
            }
        }
    }

    static let identityAtPath = """
        SELECT device, inode, file_size, modified_ns, changed_ns FROM audio_records
        WHERE path = ? AND is_current = 1 AND audio_state = 'present'
            AND error_code IS NOT '\(Rejection.notEnrolled.code)'
            AND NOT EXISTS (SELECT 1 FROM deletions WHERE audio_record_id = audio_records.id)
        """
    /// A file that the daemon itself removes does not count as departed.
    private static let shouldBeThere = """
        a.is_current = 1 AND a.audio_state = 'present' AND \(DeletionSQL.isVisible)
            AND \(ArchiveSQL.isNotBeingArchived)
        """
    static let presentAtOrBelow = """
        SELECT id FROM audio_records a
        WHERE path = :path AND \(shouldBeThere) AND (:device IS NULL OR device = :device)
        UNION ALL
        SELECT id FROM audio_records a
        WHERE path >= :from AND path < :until AND \(shouldBeThere) AND (:device IS NULL OR device = :device)
        LIMIT \(departuresAtOnce)
        """
    static let presentPage = """
        SELECT id, path, device, inode, file_size, modified_ns, changed_ns FROM audio_records a
        WHERE id > :last AND \(shouldBeThere) ORDER BY id LIMIT :limit
        """
    /// The state stays: a job under way is ended by the queue, which alone ends `processing`.
    static let depart = """
        UPDATE audio_records SET audio_state = 'gone', sidecar_due = \(SidecarRegistry.wordsStayDue), updated_at = :now
        WHERE id = :recording
        """
}

extension InboxPath {
    /// Paths below this folder sort from `folder/` up to `folder0`: 0 follows / in ASCII.
    var boundsOfContent: (Data, Data) {
        (Data(bytes + [UInt8(ascii: "/")]), Data(bytes + [UInt8(ascii: "0")]))
    }
}
