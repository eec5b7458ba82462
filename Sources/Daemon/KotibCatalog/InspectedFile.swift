import FoundationEssentials
import GRDB
import KotibModel

/// A file that passed inspection, to be inserted into the catalog.
struct InspectedFile: Sendable {
    var path: InboxPath
    var identity: FileIdentity
    var facts: AudioFacts
    /// Somebody may have changed the file unnoticed while it was inspected.
    var doubt = ContentDoubt.none
    var now: Date

    fileprivate var arguments: StatementArguments {
        identity.arguments + facts.arguments + ["doubt": doubt.rawValue, "now": Timestamp.text(now)]
    }
}

/// A refused file, to be inserted into the catalog.
struct RejectedFile: Sendable {
    var path: InboxPath
    var identity: FileIdentity
    var code: String
    var message: String
    var now: Date

    fileprivate var arguments: StatementArguments {
        identity.arguments + ["error_code": code, "error_message": message, "now": Timestamp.text(now)]
    }
}

extension Database {
    func insert(_ arrival: InspectedFile) throws -> RecordingID {
        let user = try user(inFolder: arrival.path.user, now: arrival.now)
        try run(InspectedFileSQL.insert, arrival.arguments + names(arrival.path) + ["user": user.rawValue])
        return RecordingID(rawValue: lastInsertedRowID)
    }

    func insert(_ arrival: RejectedFile) throws -> RecordingID {
        let user = try owner(of: arrival)?.rawValue
        try run(
            InspectedFileSQL.insertRejected, arrival.arguments + shortNames(arrival.path) + ["user": user])
        return RecordingID(rawValue: lastInsertedRowID)
    }

    /// A refused file is good now.
    func readmit(_ id: RecordingID, _ arrival: InspectedFile) throws {
        let user = try user(inFolder: arrival.path.user, now: arrival.now)
        try run(
            InspectedFileSQL.readmit, arrival.arguments + ["user": user.rawValue, "recording": id.rawValue])
    }

    /// The same recording is present: touched, replaced by an identical file or brought back, perhaps with
    /// other tags.
    func returned(_ recording: Recording, _ arrival: InspectedFile) throws {
        try identify(recording.id, arrival.identity, now: arrival.now)
        try describe(recording, arrival.facts, doubt: arrival.doubt)
        if recording.hasRefusedGrowth { try run(InspectedFileSQL.endRefusedGrowth, [recording.id.rawValue]) }
        if try endGrowthWait(of: recording.id) || recording.hasRefusedGrowth {
            try makeDue(.rejected, recording.id)
        }
        // An absent recording took its notes along, and perhaps a person its transcript, or the words have
        // changed.
        if recording.audio == .gone { try run(InspectedFileSQL.makeDueAgain, [recording.id.rawValue]) }
    }

    /// The recording grew. The old words are kept until there are new ones.
    func grow(_ id: RecordingID, _ arrival: InspectedFile) throws {
        try run(InspectedFileSQL.grow, arrival.arguments + ["recording": id.rawValue])
        try endGrowthWait(of: id)
    }

    /// The file has other tags now, or was inspected before its sound was kept.
    func describe(_ recording: Recording, _ facts: AudioFacts, doubt: ContentDoubt = .none) throws {
        let isKnown = recording.facts?.sha256 == facts.sha256 && recording.facts?.sound != nil
        guard !isKnown || doubt != .none else { return }
        try run(
            InspectedFileSQL.describe,
            facts.arguments + ["doubt": doubt.rawValue, "recording": recording.id.rawValue])
    }

    /// The file has this identity now, and is there.
    func identify(_ id: RecordingID, _ identity: FileIdentity, now: Date) throws {
        try run(
            InspectedFileSQL.identify,
            identity.arguments + ["now": Timestamp.text(now), "recording": id.rawValue])
    }

    /// The sentence is written anew only where it says something else, or is not there.
    func rejectAgain(_ recording: Recording, _ arrival: RejectedFile) throws {
        let user = try owner(of: arrival)?.rawValue
        try run(
            InspectedFileSQL.rejectAgain,
            arrival.arguments + ["user": user, "recording": recording.id.rawValue])
        let saysTheSame = recording.errorCode == arrival.code && recording.errorMessage == arrival.message
        if !saysTheSame || recording.audio == .gone { try makeDue(.rejected, recording.id) }
    }

    /// Keeps why the recording is refused as it is now. What was accepted is unchanged.
    func refuseGrowth(_ id: RecordingID, _ arrival: RejectedFile) throws {
        try run(
            InspectedFileSQL.refuseGrowth,
            [
                "error_code": arrival.code, "error_message": arrival.message,
                "now": Timestamp.text(arrival.now), "recording": id.rawValue,
            ])
    }

    /// Takes the path from a recording. An unfinished one is not transcribed any more: it keeps its words if
    /// it has some, and is superseded otherwise. Minutes of sound that no engine was given are given back.
    func supersede(_ id: RecordingID, now: Date) throws {
        try endGrowthWait(of: id)
        try giveBackUnheard(id)
        try run(InspectedFileSQL.supersede, ["now": Timestamp.text(now), "recording": id.rawValue])
    }

    func makeDue(_ kind: SidecarKind, _ id: RecordingID) throws {
        try run(InspectedFileSQL.makeDue, ["kind": kind.rawValue, "recording": id.rawValue])
    }

    /// The user in whose folder it lies. Nil directly in the inbox, and in a folder that is no user's yet.
    private func owner(of arrival: RejectedFile) throws -> UserID? {
        guard arrival.path.depth > 1, arrival.code != Rejection.notEnrolled.code else { return nil }
        return try user(inFolder: arrival.path.user, now: arrival.now)
    }

    /// `file_name` and `file_path` are for people; `path` is the key.
    private func names(_ path: InboxPath) -> StatementArguments {
        ["file_name": ByteText.escaped(path.name), "file_path": path.text, "path": path.blob]
    }

    /// The same for what is refused, which no quota counts: of a long path the end is shown.
    private func shortNames(_ path: InboxPath) -> StatementArguments {
        let text = path.text
        let most = Self.longestRefusedPath
        let end =
            text.utf8.count <= most ? text : "…" + String(decoding: text.utf8.suffix(most), as: UTF8.self)
        return ["file_name": ByteText.escaped(path.name), "file_path": end, "path": path.blob]
    }

    /// Bytes of the readable form of a refused file's path: four for each byte that is no text.
    private static var longestRefusedPath: Int { 1024 }
}

enum InspectedFileSQL {
    static let setIdentity = """
        device = :device, inode = :inode, file_size = :file_size, modified_ns = :modified_ns,
            changed_ns = :changed_ns
        """
    /// Without the sound, of which `describe` keeps what was known.
    private static let setFacts = """
        sha256 = :sha256, media_type = :media_type, container = :container, codec = :codec,
            duration = :duration, channels = :channels, sample_rate = :sample_rate,
            inspection_warnings = :inspection_warnings, is_patched = :is_patched
        """

    static let insert = """
        INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device, inode,
            file_size, modified_ns, changed_ns, sha256, media_type, container, codec, duration,
            channels, sample_rate, inspection_warnings, sound_sha256, sound_size, is_patched, doubt, created_at,
            updated_at, transcription_status)
        VALUES (:user, :file_name, :file_name, :file_path, :path, :device, :inode,
            :file_size, :modified_ns, :changed_ns, :sha256, :media_type, :container, :codec, :duration,
            :channels, :sample_rate, :inspection_warnings, :sound_sha256, :sound_size, :is_patched, :doubt, :now,
            :now, 'pending')
        """
    static let insertRejected = """
        INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device, inode,
            file_size, modified_ns, changed_ns, error_code, error_message, created_at, updated_at,
            transcription_status, sidecar_due, sidecar_version)
        VALUES (:user, :file_name, :file_name, :file_path, :path, :device, :inode,
            :file_size, :modified_ns, :changed_ns, :error_code, :error_message, :now, :now,
            'rejected', 'rejected', 1)
        """
    static let readmit = """
        UPDATE audio_records SET user_id = :user, \(setIdentity), \(setFacts),
            sound_sha256 = :sound_sha256, sound_size = :sound_size,
            doubt = max(doubt, :doubt), transcription_warnings = NULL, updated_at = :now,
            transcription_status = 'pending', audio_state = 'present', due_at = NULL, attempts = 0,
            interruptions = 0, error_code = NULL, error_message = NULL,
            sidecar_due = \(SidecarRegistry.wordsStayDue)
        WHERE id = :recording
        """
    /// A running job ends first: only then the row is pending. A growth that waited for room may have become
    /// doubtful then.
    static let grow = """
        UPDATE audio_records SET \(setIdentity), \(setFacts),
            sound_sha256 = :sound_sha256, sound_size = :sound_size,
            doubt = iif(EXISTS (SELECT 1 FROM quota_waits WHERE audio_record_id = :recording),
                max(doubt, :doubt), :doubt),
            updated_at = :now, handled_at = CASE audio_state WHEN 'present' THEN handled_at ELSE :now END,
            audio_state = 'present', due_at = NULL, interruptions = 0, error_code = NULL, error_message = NULL,
            attempts = CASE transcription_status WHEN 'processing' THEN attempts ELSE 0 END,
            shown_until = CASE WHEN revision_id IS NOT NULL THEN coalesce(shown_until, duration) END,
            sidecar_due = \(SidecarRegistry.wordsStayDue),
            transcription_status = CASE transcription_status WHEN 'processing' THEN 'processing' ELSE 'pending' END
        WHERE id = :recording
        """
    static let describe = """
        UPDATE audio_records SET \(setFacts), sound_sha256 = coalesce(:sound_sha256, sound_sha256),
            sound_size = coalesce(:sound_size, sound_size), doubt = max(doubt, :doubt)
        WHERE id = :recording
        """
    static let identify = """
        UPDATE audio_records SET \(setIdentity), updated_at = :now,
            handled_at = CASE audio_state WHEN 'present' THEN handled_at ELSE :now END,
            audio_state = 'present'
        WHERE id = :recording
        """
    static let rejectAgain = """
        UPDATE audio_records SET user_id = :user, \(setIdentity),
            error_code = :error_code, error_message = :error_message, updated_at = :now,
            audio_state = 'present'
        WHERE id = :recording
        """
    static let refuseGrowth = """
        UPDATE audio_records SET error_code = :error_code, error_message = :error_message, updated_at = :now
        WHERE id = :recording
        """
    static let endRefusedGrowth =
        "UPDATE audio_records SET error_code = NULL, error_message = NULL WHERE id = ?"
    private static let isUnfinished = "transcription_status IN ('pending', 'processing')"
    static let supersede = """
        UPDATE audio_records SET is_current = 0, audio_state = 'replaced', due_at = NULL,
            sidecar_due = \(SidecarRegistry.wordsStayDue),
            error_code = CASE WHEN \(isUnfinished)
                THEN iif(revision_id IS NULL, 'superseded', NULL) ELSE error_code END,
            error_message = CASE WHEN \(isUnfinished) THEN iif(revision_id IS NULL,
                'Replaced by another file before it was transcribed.', NULL) ELSE error_message END,
            transcription_status = CASE WHEN \(isUnfinished)
                THEN iif(revision_id IS NULL, 'failed', 'completed') ELSE transcription_status END,
            updated_at = :now
        WHERE id = :recording
        """
    static let makeDueAgain = """
        UPDATE audio_records SET sidecar_version = sidecar_version + 1,
            sidecar_due = CASE WHEN revision_id IS NOT NULL THEN 'transcript'
                WHEN transcription_status IN ('failed', 'rejected') THEN transcription_status END
        WHERE id = ?
        """
    static let makeDue = """
        UPDATE audio_records SET sidecar_due = :kind, sidecar_version = sidecar_version + 1
        WHERE id = :recording
        """
}
