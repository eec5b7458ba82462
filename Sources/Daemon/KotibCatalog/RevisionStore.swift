import FoundationEssentials
import GRDB
import KotibModel

/// The versions of recordings' words.
public struct RevisionStore: CatalogStore {
    let database: CatalogDatabase

    /// Makes a person's words current; the sidecars become due. The earlier words stay in their revision, and
    /// the recording's state is unchanged.
    /// - Parameters:
    ///   - sidecar: the file that the words were saved in, in its present state; registered in the same
    ///     transaction.
    ///   - limits: the limits of users who have none of their own.
    public func edit(
        _ edit: TranscriptEdit, from sidecar: Sidecar? = nil, under limits: Quota = Quota(),
        now: Date = Date()
    ) async throws(CatalogError) -> EditOutcome {
        try await change(edit, sidecar: sidecar, limits, now)
    }

    /// Makes the words and times of an earlier revision current again, as a new revision.
    /// - Parameters:
    ///   - author: nil for the local operator.
    ///   - expected: the revision that the person saw; nil to replace any.
    public func restore(
        _ revision: RevisionID, of id: RecordingID, in scope: AccessScope, author: UserID?,
        expected: RevisionID?, under limits: Quota = Quota(), now: Date = Date()
    ) async throws(CatalogError) -> EditOutcome {
        guard let old = try await find(revision, of: id, in: scope) else { return .notFound }
        let edit = TranscriptEdit(
            recording: id, scope: scope, text: old.text, author: author, origin: .socket, expected: expected)
        return try await change(edit, restored: old, limits, now)
    }

    /// Nil if it does not exist, or the caller may not see it. `revision` nil: the current one.
    public func find(
        _ revision: RevisionID?, of id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> Revision? {
        try await read("revision") { database in
            guard try database.recording(id, in: scope) != nil else { return nil }
            guard let revision else { return try database.shownRevision(of: id) }
            return try database.row(
                RevisionSQL.one, ["recording": id.rawValue, "revision": revision.rawValue]
            ).map(Revision.init)
        }
    }
}

extension RevisionStore {
    private enum Shown: Sendable {
        /// `spoken`: the segments as an engine last heard them.
        case revision(Revision, spoken: [TranscriptSegment])
        case nothing(EditOutcome)
    }

    /// The times are mapped to the words between two transactions, since that takes long for long texts; if
    /// the words changed meanwhile, it starts again.
    /// - Parameter restored: the revision that the words come from, with times of its own.
    private func change(
        _ edit: TranscriptEdit, restored: Revision? = nil, sidecar: Sidecar? = nil, _ limits: Quota,
        _ now: Date
    ) async throws(CatalogError) -> EditOutcome {
        while true {
            let (base, spoken): (Revision, [TranscriptSegment])
            switch try await shown(edit) {
            case .revision(let revision, let segments): (base, spoken) = (revision, segments)
            case .nothing(let outcome): return outcome
            }
            if let expected = edit.expected, expected != base.id { return .conflict(base) }
            // By bytes: `==` takes é for e and an accent, and a file would keep what the catalog does not
            // have.
            if edit.text.utf8.elementsEqual(base.text.utf8),
                restored == nil || restored?.segments == base.segments
            {
                if let sidecar {
                    try await SidecarRegistry(database: database).written(sidecar, due: nil, now: now)
                }
                return .unchanged(base)
            }
            var next = base
            next.text = edit.text
            if let restored {
                (next.segments, next.language) = (restored.segments, restored.language)
            } else {
                next.segments = await CatalogDatabase.onThread {
                    TranscriptAlignment.segments(for: edit.text, over: spoken)
                }
            }
            if let outcome = try await add(next, over: base.id, edit, sidecar, limits, now) { return outcome }
        }
    }

    private func shown(_ edit: TranscriptEdit) async throws(CatalogError) -> Shown {
        try await read("shownRevision") { database in
            guard try database.recording(edit.recording, in: edit.scope) != nil else {
                return .nothing(.notFound)
            }
            guard let revision = try database.shownRevision(of: edit.recording) else {
                return .nothing(.notTranscribed)
            }
            // Words that an edit removes, such as by a text that was saved half, the next must be able to
            // bring back.
            let spoken = try database.row(
                RevisionSQL.spoken,
                ["recording": edit.recording.rawValue, "revision": revision.id.rawValue])
            return .revision(
                revision,
                spoken: try spoken.map { try [TranscriptSegment](json: $0["segments"]) } ?? revision.segments)
        }
    }

    /// - Parameter new: holds words, times and language.
    /// - Returns: nil where `base` is not shown any more: nothing was changed.
    private func add(
        _ new: Revision, over base: RevisionID, _ edit: TranscriptEdit, _ sidecar: Sidecar?, _ limits: Quota,
        _ now: Date
    ) async throws(CatalogError) -> EditOutcome? {
        // Not in the transaction, for which everybody waits: of a long text it takes long.
        let times = try await Self.times(new.segments, "edit", database.file)
        return try await write("edit") { database in
            let id = edit.recording
            guard let recording = try database.recording(id, in: edit.scope) else { return .notFound }
            guard let row = try database.row(RevisionSQL.shownID, [id.rawValue]),
                row["revision_id"] == base.rawValue
            else { return nil }
            let size = Int64(new.text.utf8.count + times.utf8.count)
            if let refusal = try database.refusal(ofText: size, by: recording.user, under: limits) {
                return .overQuota(refusal)
            }
            let revision = try database.addRevision(
                id, author: edit.author, edit.origin, new.text, times: times, new.language, now)
            try database.run(
                RevisionSQL.show,
                [
                    "recording": id.rawValue, "revision": revision.rawValue, "text": new.text,
                    "now": Timestamp.text(now),
                ])
            try database.settleWarnings(of: id)
            if let sidecar { try database.register(sidecar, now) }
            try database.makeDueBeside(.transcript, id)
            return try database.row(RevisionSQL.head, [revision.rawValue]).map { row in
                EditOutcome.edited(try Revision(row, text: new.text, segments: new.segments))
            }
        }
    }
}

extension RevisionStore {
    /// The segments as JSON, made where it may take long.
    static func times(
        _ segments: [TranscriptSegment], _ operation: String, _ file: String
    ) async throws(CatalogError) -> String {
        let result = await CatalogDatabase.onThread { Result { try segments.json } }
        return try result.mapError { CatalogError($0, operation: operation, file: file) }.get()
    }
}

extension Database {
    func addRevision(
        _ id: RecordingID, author: UserID? = nil, _ origin: RevisionOrigin, _ text: String,
        _ segments: [TranscriptSegment], _ language: String?, _ now: Date
    ) throws -> RevisionID {
        let times = try segments.json
        return try addRevision(id, author: author, origin, text, times: times, language, now)
    }

    /// - Parameter times: the segments as JSON.
    func addRevision(
        _ id: RecordingID, author: UserID? = nil, _ origin: RevisionOrigin, _ text: String,
        times: String, _ language: String?, _ now: Date
    ) throws -> RevisionID {
        try run(
            RevisionSQL.add,
            [
                "recording": id.rawValue, "author": author?.rawValue, "origin": origin.rawValue,
                "text": text, "segments": times, "language": language, "now": Timestamp.text(now),
            ])
        return RevisionID(rawValue: lastInsertedRowID)
    }

    fileprivate func shownRevision(of id: RecordingID) throws -> Revision? {
        try row(RevisionSQL.shown, [id.rawValue]).map(Revision.init)
    }
}

extension Revision {
    init(_ row: Row) throws {
        try self.init(row, text: row["text"], segments: [TranscriptSegment](json: row["segments"]))
    }

    fileprivate init(_ row: Row, text: String, segments: [TranscriptSegment]) throws {
        id = RevisionID(rawValue: row["id"])
        recording = RecordingID(rawValue: row["audio_record_id"])
        author = (row["author"] as Int64?).map(UserID.init(rawValue:))
        authorFolder = try (row["author_folder"] as Data?).map(UserFolder.init(blob:))
        origin = try row.value("origin")
        self.text = text
        self.segments = segments
        language = row["language"]
        created = try row.date("created_at")
    }
}

enum RevisionSQL {
    private static let columns = """
        r.id, r.audio_record_id, r.author, (SELECT folder FROM users u WHERE u.id = r.author) AS author_folder, \
        r.origin, r.text, r.segments, r.language, r.created_at
        """
    /// All but the words and times.
    static let head = """
        SELECT r.id, r.audio_record_id, r.author, (SELECT folder FROM users u WHERE u.id = r.author)
            AS author_folder, r.origin, r.language, r.created_at
        FROM transcript_revisions r WHERE r.id = ?
        """
    static let one = """
        SELECT \(columns) FROM transcript_revisions r
        WHERE r.audio_record_id = :recording AND r.id = :revision
        """
    static let shown = """
        SELECT \(columns) FROM audio_records a JOIN transcript_revisions r ON r.id = a.revision_id
        WHERE a.id = ?
        """
    /// The newest with times that the shown one can come from.
    static let spoken = """
        SELECT segments FROM transcript_revisions
        WHERE audio_record_id = :recording AND id <= :revision AND origin = 'engine' AND segments <> '[]'
            AND earlier_record IS NULL ORDER BY id DESC LIMIT 1
        """
    /// The engine's words before a revision, of this recording itself.
    static let engineBefore = """
        SELECT text FROM transcript_revisions
        WHERE audio_record_id = :recording AND id < :before AND origin = 'engine' AND earlier_record IS NULL
        ORDER BY id DESC LIMIT 1
        """
    static let shownID = "SELECT revision_id FROM audio_records WHERE id = ?"
    /// An author who was deleted meanwhile is nobody.
    static let add = """
        INSERT INTO transcript_revisions (audio_record_id, author, origin, text, segments, language, created_at)
        VALUES (:recording, (SELECT id FROM users WHERE id = :author), :origin, :text, :segments, :language,
            :now)
        """
    static let show = """
        UPDATE audio_records SET revision_id = :revision, transcript_text = :text, updated_at = :now,
            handled_at = :now
        WHERE id = :recording
        """
}
