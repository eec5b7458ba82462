import FoundationEssentials
import KotibModel

/// A recording became completed, failed or rejected.
public struct HookEvent: Hashable, Sendable {
    /// 32 hexadecimal digits by chance: the same for every receiver and with every attempt.
    public var id: String
    public var kind: RecordingState
    public var recording: RecordingID
    /// Nil for a refused file that lies in nobody's folder.
    public var user: UserID?
    /// As it was then.
    public var path: InboxPath
    public var facts: HookFacts
    /// The words at that moment, or their beginning; nil if there are none, or the recording was deleted
    /// since.
    public var text: String?
    /// Whether ``text`` is truncated.
    public var isTextTruncated: Bool
    public var time: Date
}

/// The recording's fields at that moment, under the names of the API.
public struct HookFacts: Codable, Hashable, Sendable {
    /// For people: bytes that are not UTF-8 appear as `\xNN`.
    public var fileName: String
    /// Bytes.
    public var fileSize: Int64
    public var mediaType: String?
    /// Seconds.
    public var duration: Double?
    /// ISO 639-1, as the engine heard it.
    public var language: String?
    public var engine: String?
    public var model: String?
    /// Why it failed or was refused.
    public var errorCode: String?
    public var errorMessage: String?
    public var createdAt: String

    enum CodingKeys: String, CodingKey {
        case fileName = "file_name"
        case fileSize = "file_size"
        case mediaType = "media_type"
        case duration, language, engine, model
        case errorCode = "error_code"
        case errorMessage = "error_message"
        case createdAt = "created_at"
    }
}

/// One delivery to one receiver.
public struct HookDelivery: Hashable, Sendable {
    /// Its row.
    public var id: Int64
    public var event: HookEvent
    /// Those that failed.
    public var attempts: Int
}

/// The next delivery to a receiver.
public enum NextHookDelivery: Hashable, Sendable {
    case delivery(HookDelivery)
    /// No delivery is due; the first postponed one is at `nextDue`.
    case nothing(nextDue: Date?)
}
