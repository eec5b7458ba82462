import FoundationEssentials
import KotibCatalog
import KotibModel

/// An event as receivers get it.
public struct HookMessage: Sendable {
    let event: HookEvent
    /// One JSON object in UTF-8: the same with every attempt, as long as the recording is there.
    let json: [UInt8]

    /// - Parameter withText: false leaves the words out.
    init(_ event: HookEvent, withText: Bool) throws {
        self.event = event
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        json = Array(try encoder.encode(HookBody(event, withText: withText)))
    }

    /// The folder of the recording's user; nil for nobody's.
    var user: UserFolder? {
        event.user == nil ? nil : event.path.user
    }
}

/// The envelope that the Standard Webhooks specification recommends, with the event's id for those who see no
/// headers.
private struct HookBody: Encodable {
    var id: String
    var type: String
    var timestamp: String
    var data: HookData

    init(_ event: HookEvent, withText: Bool) {
        id = event.id
        type = "recording.\(event.kind.rawValue)"
        timestamp = Timestamp.text(event.time)
        data = HookData(event: event, withText: withText)
    }
}

/// The recording, under the names of the API. What is not known is null.
private struct HookData: Encodable {
    var event: HookEvent
    var withText: Bool

    enum CodingKeys: String, CodingKey {
        case id
        case userID = "user_id"
        case userName = "user_name"
        case fileName = "file_name"
        case filePath = "file_path"
        case fileSize = "file_size"
        case mediaType = "media_type"
        case duration
        case status = "transcription_status"
        case language, engine, model
        case errorCode = "error_code"
        case errorMessage = "error_message"
        case createdAt = "created_at"
        case text = "transcript_text"
        case isTextTruncated = "text_truncated"
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(event.recording.rawValue, forKey: .id)
        try fields.encode(event.user?.rawValue, forKey: .userID)
        try fields.encode(event.user.map { _ in event.path.user.text }, forKey: .userName)
        try fields.encode(event.facts.fileName, forKey: .fileName)
        try fields.encode(event.path.text, forKey: .filePath)
        try fields.encode(event.facts.fileSize, forKey: .fileSize)
        try fields.encode(event.facts.mediaType, forKey: .mediaType)
        try fields.encode(event.facts.duration, forKey: .duration)
        try fields.encode(event.kind.rawValue, forKey: .status)
        try fields.encode(event.facts.language, forKey: .language)
        try fields.encode(event.facts.engine, forKey: .engine)
        try fields.encode(event.facts.model, forKey: .model)
        try fields.encode(event.facts.errorCode, forKey: .errorCode)
        try fields.encode(event.facts.errorMessage, forKey: .errorMessage)
        try fields.encode(event.facts.createdAt, forKey: .createdAt)
        guard withText else { return }
        try fields.encode(event.text, forKey: .text)
        try fields.encode(event.isTextTruncated, forKey: .isTextTruncated)
    }
}
