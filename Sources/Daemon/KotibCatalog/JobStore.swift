import FoundationEssentials
import GRDB
import KotibModel

/// The next thing to transcribe.
public enum Claim: Hashable, Sendable {
    /// Now in state `processing`, its attempt counted.
    case recording(Recording)
    /// No recording can start now; the first retry is due at `nextDue`.
    case nothing(nextDue: Date?)
}

/// The users whose recordings a claim may take.
public enum ClaimScope: Hashable, Sendable {
    /// Of all users but those who chose one of these engines (``EngineName``).
    case allBut([String])
    /// Of the users who chose this engine.
    case only(String)

    /// The parameters of ``JobSQL/next``.
    fileprivate var arguments: StatementArguments {
        switch self {
        case .allBut(let names): ["engine": nil, "others": "," + names.map { $0 + "," }.joined()]
        case .only(let name): ["engine": name, "others": ""]
        }
    }
}

/// Whether the end of a job was recorded.
public enum JobEnd: Hashable, Sendable {
    case recorded
    /// The recording was replaced, or is not being processed any more: nothing was changed.
    case superseded
}

/// The outcome of a request for another transcription.
public enum Retry: Hashable, Sendable {
    /// It is queued with all its attempts. The caller removes `notes`.
    case queued(notes: [Sidecar])
    /// It is queued or running already, was refused, or its audio is missing or is being archived.
    case notNow(Recording)
    /// No such recording, or not the caller's.
    case notFound
}

/// The queue of recordings that are to be transcribed.
public struct JobStore: CatalogStore {
    let database: CatalogDatabase

    /// A recording is failed if the daemon ends more often than this during its transcription, since it may
    /// be the cause.
    public static let maxInterruptions = 10

    /// Claims the next recording in one transaction.
    ///
    /// Users take turns: the user whose last turn was longest ago is served, with the oldest recording that
    /// may start now. The attempt is counted here, before the file is opened.
    public func claim(
        _ scope: ClaimScope = .allBut([]), now: Date = Date()
    ) async throws(CatalogError) -> Claim {
        try await write("claim") { database in
            try database.promote(now)
            guard let row = try database.row(JobSQL.next, scope.arguments) else {
                let due: Double? = try database.row(JobSQL.nextDue, []).flatMap { $0["due_at"] }
                return .nothing(nextDue: due.map(Date.init(timeIntervalSince1970:)))
            }
            let (id, user) = (RecordingID(rawValue: row["id"]), row["user_id"] as Int64)
            try database.run(JobSQL.takeTurn, [user])
            try database.run(JobSQL.start, ["now": Timestamp.text(now), "recording": id.rawValue])
            guard let recording = try database.recording(id) else { throw MalformedRow(column: "id") }
            return .recording(recording)
        }
    }

    /// Stores the words; the transcript becomes due beside the recording, if that still exists. A person's
    /// words stay current, and the engine's become an earlier revision; if the recording grew, the words of
    /// the added part are appended to the person's.
    /// - Parameters:
    ///   - speech: seconds of speech, if the engine reports them.
    ///   - isLanguageGiven: whether the words were asked for in their language.
    ///   - warnings: doubts about the words.
    ///   - engineSeconds: the duration of the transcription.
    ///   - modelHash: SHA-256 of the model's file; nil if unknown.
    ///   - heard: the facts of the file that the engine was given. If the recording has grown meanwhile its
    ///     words are kept as those of the beginning, and it is queued again as a whole.
    ///   - doubt: the file may have changed unnoticed meanwhile: the words are not reused for others.
    public func complete(
        _ id: RecordingID, transcript: Transcript, isLanguageGiven: Bool = false, speech: Double?,
        warnings: [RecordingWarning] = [], engineSeconds: Double, modelHash: [UInt8]? = nil,
        heard: AudioFacts? = nil, doubt: ContentDoubt = .none, now: Date = Date()
    ) async throws(CatalogError) -> JobEnd {
        let times = try await RevisionStore.times(transcript.segments, "complete", database.file)
        return try await write("complete") { database in
            guard try database.row(JobSQL.isProcessing, ["recording": id.rawValue]) != nil else {
                return .superseded
            }
            let growth = try database.growth(of: id, since: heard)
            let revision = try database.addRevision(
                id, .engine, transcript.text, times: times, transcript.language, now)
            try database.extendEditedWords(of: id, heard: revision, transcript, now)
            try database.run(
                JobSQL.complete,
                [
                    "recording": id.rawValue, "now": Timestamp.text(now), "revision": revision.rawValue,
                    "text": transcript.text, "language": transcript.language,
                    "language_given": isLanguageGiven, "engine": transcript.engine,
                    "model": transcript.model, "engine_seconds": engineSeconds, "speech_seconds": speech,
                    "warnings": try warnings.json, "doubt": doubt.rawValue,
                    "model_hash": modelHash.map { Data($0) }, "beginning": growth?.beginning,
                    "unheard_ms": growth?.milliseconds ?? 0,
                ])
            try database.settleWarnings(of: id)
            try database.makeDueBeside(.transcript, id)
            return .recorded
        }
    }

    /// Gives up on a recording; its note becomes due.
    /// - Parameters:
    ///   - message: one sentence for the person.
    ///   - heard: the facts of the file that the engine was given. If the recording has grown meanwhile it is
    ///     put back, as if the job had not been started.
    public func fail(
        _ id: RecordingID, code: String, message: String, heard: AudioFacts? = nil, now: Date = Date()
    ) async throws(CatalogError) -> JobEnd {
        try await write("fail") { database in
            if try database.growth(of: id, since: heard) != nil {
                try database.handBack(id, now: now)
                return .superseded
            }
            try database.fail(id, code, message, now: now)
            guard database.changesCount == 1 else { return .superseded }
            try database.makeDueBeside(.failed, id)
            return .recorded
        }
    }

    /// Puts a recording back until `due`; the attempt stays counted. At most a day ahead.
    public func retryLater(
        _ id: RecordingID, due: Date, code: String, message: String, now: Date = Date()
    ) async throws(CatalogError) -> JobEnd {
        try await write("retryLater") { database in
            let due = min(due.timeIntervalSince1970, now.timeIntervalSince1970 + CatalogDatabase.longestDelay)
            try database.run(
                JobSQL.retry,
                [
                    "recording": id.rawValue, "due": due, "code": code, "message": message,
                    "now": Timestamp.text(now),
                ])
            return database.changesCount == 1 ? .recorded : .superseded
        }
    }

    /// Puts a recording back as if its job had not been started.
    /// - Parameters:
    ///   - place: the path where its audio was missing; unless it is known to lie elsewhere by now, nothing
    ///     starts until a scan finds it again.
    ///   - identity: of that audio: if the recording has another by now, it is there.
    ///   - due: the earliest start; nil for at once.
    public func handBack(
        _ id: RecordingID, isGoneFrom place: InboxPath? = nil, identity: FileIdentity? = nil,
        due: Date? = nil,
        now: Date = Date()
    ) async throws(CatalogError) -> JobEnd {
        try await write("handBack") { database in
            try database.handBack(id, isGoneFrom: place, identity, due: due, now: now)
            return database.changesCount == 1 ? .recorded : .superseded
        }
    }

    /// Puts back the jobs that an earlier daemon left in processing. To be called once, before the first
    /// claim.
    /// - Parameter message: the error, one sentence, of recordings that fail.
    /// - Returns: the recordings that were put back, and those that failed because it happened over
    ///   ``maxInterruptions`` times.
    public func recoverInterrupted(
        message: String, now: Date = Date()
    ) async throws(CatalogError) -> (resumed: [RecordingID], failed: [RecordingID]) {
        try await write("recoverInterrupted") { database in
            var (resumed, failed): ([RecordingID], [RecordingID]) = ([], [])
            for row in try database.rows(JobSQL.interrupted, []) {
                let id = RecordingID(rawValue: row["id"])
                try database.run(JobSQL.interrupt, [id.rawValue])
                if (row["interruptions"] as Int) < Self.maxInterruptions {
                    try database.handBack(id, now: now)
                    resumed.append(id)
                } else {
                    try database.fail(id, "interrupted", message, now: now)
                    try database.makeDueBeside(.failed, id)
                    failed.append(id)
                }
            }
            return (resumed, failed)
        }
    }

    /// Queues a failed or completed recording again. Its words are kept until there are new ones.
    public func retry(
        _ id: RecordingID, in scope: AccessScope, now: Date = Date()
    ) async throws(CatalogError) -> Retry {
        try await write("retry") { database in
            guard let recording = try database.recording(id, in: scope) else { return .notFound }
            guard [.failed, .completed].contains(recording.state), recording.audio == .present,
                try !database.isBeingArchived(id)
            else {
                return .notNow(recording)
            }
            let notes = try database.notesToRemove(of: id)
            try database.run(JobSQL.retranscribe, ["now": Timestamp.text(now), "recording": id.rawValue])
            return .queued(notes: notes)
        }
    }
}

extension Database {
    /// Retries whose time has come become ready; also those so far ahead that the clock must have gone back.
    fileprivate func promote(_ now: Date) throws {
        let now = now.timeIntervalSince1970
        // Asked first, because an UPDATE takes a transaction's write even where it changes nothing.
        let arguments: StatementArguments = ["now": now, "latest": now + CatalogDatabase.longestDelay]
        guard try row(JobSQL.hasDue, arguments) != nil else { return }
        try run(JobSQL.promote, arguments)
    }

    fileprivate func handBack(
        _ id: RecordingID, isGoneFrom place: InboxPath? = nil, _ identity: FileIdentity? = nil,
        due: Date? = nil, now: Date
    ) throws {
        try run(
            JobSQL.handBack,
            [
                "recording": id.rawValue, "place": place?.blob, "due": due?.timeIntervalSince1970,
                "inode": identity.map { Int64(bitPattern: $0.inode) }, "file_size": identity?.size,
                "modified_ns": identity?.modified, "changed_ns": identity?.changed,
                "now": Timestamp.text(now),
            ])
    }

    fileprivate func fail(_ id: RecordingID, _ code: String, _ message: String, now: Date) throws {
        try run(
            JobSQL.fail,
            ["recording": id.rawValue, "code": code, "message": message, "now": Timestamp.text(now)])
    }

    /// Seconds of the beginning that a job was given, and the milliseconds by which its recording has grown
    /// since; nil if it has not. Nothing else changes the sound of a recording while its job runs.
    fileprivate func growth(
        of id: RecordingID, since heard: AudioFacts?
    ) throws -> (beginning: Double, milliseconds: Int64)? {
        guard let heard, let facts = try recording(id)?.facts, !facts.isSameRecording(as: heard) else {
            return nil
        }
        let (all, beginning) = (facts.duration, heard.duration)
        return (
            beginning,
            max(0, QuotaClaim.milliseconds(of: all) - QuotaClaim.milliseconds(of: beginning))
        )
    }

    /// A recording grew whose words a person had corrected: the correction stays as it is, and the words
    /// after its end are appended, as the same author's.
    fileprivate func extendEditedWords(
        of id: RecordingID, heard: RevisionID, _ transcript: Transcript, _ now: Date
    ) throws {
        guard let row = try row(JobSQL.shownUntil, [id.rawValue]), let until: Double = row["shown_until"],
            let shown = try self.row(RevisionSQL.shown, [id.rawValue]).map(Revision.init),
            shown.origin != .engine
        else { return }
        let earlier = try String.fetchOne(
            self, sql: RevisionSQL.engineBefore,
            arguments: ["recording": id.rawValue, "before": heard.rawValue])
        let new = TranscriptAlignment.continuation(
            of: earlier ?? "", until: until, in: transcript.segments)
        guard !new.isEmpty else { return }
        let words = Transcript.text(of: new)
        let text = shown.text.isEmpty ? words : shown.text + "\n\n" + words
        let revision = try addRevision(
            id, author: shown.author, shown.origin, text, shown.segments + new, shown.language, now)
        try run(
            RevisionSQL.show,
            [
                "recording": id.rawValue, "revision": revision.rawValue, "text": text,
                "now": Timestamp.text(now),
            ])
    }

    /// Marks a sidecar as due, unless the recording is absent and has no file beside it.
    func makeDueBeside(_ kind: SidecarKind, _ id: RecordingID) throws {
        try run(JobSQL.makeDueBeside, ["kind": kind.rawValue, "recording": id.rawValue])
    }
}
