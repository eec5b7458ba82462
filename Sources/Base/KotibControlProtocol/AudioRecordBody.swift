// KotibControlProtocol: the JSON of the control socket. Fields of the replaced service keep their names.

/// A recording. The first eleven fields are those of the service that Kotib replaces.
public struct AudioRecordBody: Codable, Hashable, Sendable {
    public var id: Int64
    /// Null for a refused file that lies in nobody's folder.
    var userID: Int64?
    var fileName: String
    public var originalFilename: String
    /// Below the inbox root, for people: bytes that are not UTF-8 appear as `\xNN`.
    public var filePath: String
    /// Bytes.
    public var fileSize: Int64
    /// Seconds.
    public var duration: Double?
    /// Null before there is any.
    public var transcriptText: String?
    /// `pending`, `processing`, `completed`, `failed` or `rejected`.
    public var transcriptionStatus: String
    /// ISO 8601 in UTC, as every time here.
    public var createdAt: String
    var updatedAt: String

    /// `present`, `gone` or `replaced`.
    public var audioState: String
    /// The name of the user's folder.
    public var userName: String?
    /// ISO 639-1, as the engine heard it.
    public var language: String?
    public var engine: String?
    public var model: String?
    /// The reason of the failure or refusal, or the error of the last attempt.
    public var errorCode: String?
    /// In the language of notes (`intake.language`); if the code says everything, in that of
    /// `Accept-Language`.
    public var errorMessage: String?
    /// Warnings about a recording that was transcribed nevertheless. Null for none.
    public var warnings: [WarningBody]?
    public var completedAt: String?
    /// The time at which the audio was archived. It can still be fetched; its state is `gone` or `replaced`
    /// then.
    public var archivedAt: String?
    /// The latest revision of the words; also the ETag.
    public var revision: Int64?
    /// Between 0 and 1 while it is being transcribed.
    public var progress: Double?
    /// Only in the answer to a search.
    public var snippet: [SnippetPartBody]?

    enum CodingKeys: String, CodingKey {
        case id
        case userID = "user_id"
        case fileName = "file_name"
        case originalFilename = "original_filename"
        case filePath = "file_path"
        case fileSize = "file_size"
        case duration
        case transcriptText = "transcript_text"
        case transcriptionStatus = "transcription_status"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case audioState = "audio_state"
        case userName = "user_name"
        case language, engine, model
        case errorCode = "error_code"
        case errorMessage = "error_message"
        case warnings
        case completedAt = "completed_at"
        case archivedAt = "archived_at"
        case revision, progress, snippet
    }

    public init(
        id: Int64, userID: Int64?, fileName: String, originalFilename: String, filePath: String,
        fileSize: Int64, duration: Double?, transcriptText: String?, transcriptionStatus: String,
        createdAt: String, updatedAt: String, audioState: String
    ) {
        self.id = id
        self.userID = userID
        self.fileName = fileName
        self.originalFilename = originalFilename
        self.filePath = filePath
        self.fileSize = fileSize
        self.duration = duration
        self.transcriptText = transcriptText
        self.transcriptionStatus = transcriptionStatus
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.audioState = audioState
    }
}

extension AudioRecordBody {
    /// The first eleven fields are always encoded, as null without a value; the others only with a value.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(userID, forKey: .userID)
        try fields.encode(fileName, forKey: .fileName)
        try fields.encode(originalFilename, forKey: .originalFilename)
        try fields.encode(filePath, forKey: .filePath)
        try fields.encode(fileSize, forKey: .fileSize)
        try fields.encode(duration, forKey: .duration)
        try fields.encode(transcriptText, forKey: .transcriptText)
        try fields.encode(transcriptionStatus, forKey: .transcriptionStatus)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(updatedAt, forKey: .updatedAt)
        try fields.encode(audioState, forKey: .audioState)
        try fields.encodeIfPresent(userName, forKey: .userName)
        try fields.encodeIfPresent(language, forKey: .language)
        try fields.encodeIfPresent(engine, forKey: .engine)
        try fields.encodeIfPresent(model, forKey: .model)
        try fields.encodeIfPresent(errorCode, forKey: .errorCode)
        try fields.encodeIfPresent(errorMessage, forKey: .errorMessage)
        try fields.encodeIfPresent(warnings, forKey: .warnings)
        try fields.encodeIfPresent(completedAt, forKey: .completedAt)
        try fields.encodeIfPresent(archivedAt, forKey: .archivedAt)
        try fields.encodeIfPresent(revision, forKey: .revision)
        try fields.encodeIfPresent(progress, forKey: .progress)
        try fields.encodeIfPresent(snippet, forKey: .snippet)
    }
}

/// Something that a person should know about a recording that was transcribed nevertheless.
public struct WarningBody: Codable, Hashable, Sendable {
    /// Such as `speech_without_words`; more may come.
    public var code: String
    /// A sentence in the language that the request asks for.
    public var message: String
    /// Seconds of the recording that it concerns, where they are known.
    var seconds: Double?

    /// Whether words may be wrong or missing; false for a wrong file name extension alone.
    public var isDoubt: Bool { code != "wrong_ending" }

    public init(code: String, message: String, seconds: Double?) {
        self.code = code
        self.message = message
        self.seconds = seconds
    }
}

/// An excerpt of a transcript around a match.
public struct SnippetPartBody: Codable, Hashable, Sendable {
    public var text: String
    public var isMatch: Bool

    enum CodingKeys: String, CodingKey {
        case text
        case isMatch = "is_match"
    }

    public init(text: String, isMatch: Bool) {
        self.text = text
        self.isMatch = isMatch
    }
}

/// `GET audio/list`.
public struct AudioListBody: Codable, Hashable, Sendable {
    public var items: [AudioRecordBody]
    /// On all pages.
    public var total: Int
    /// False where a search found more than `total`, 10,000: they are not counted further. Nil counts as
    /// true.
    public var isTotalExact: Bool?
    public var skip: Int
    public var limit: Int
    /// The value of `before` that gives the next page; null on the last.
    public var next: Int64?

    enum CodingKeys: String, CodingKey {
        case items, total
        case isTotalExact = "total_is_exact"
        case skip, limit, next
    }

    public init(
        items: [AudioRecordBody], total: Int, isTotalExact: Bool? = nil, skip: Int, limit: Int, next: Int64?
    ) {
        self.items = items
        self.total = total
        self.isTotalExact = isTotalExact
        self.skip = skip
        self.limit = limit
        self.next = next
    }
}
