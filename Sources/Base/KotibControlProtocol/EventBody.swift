/// The names of the events of `GET events` (server-sent events).
public enum EventName: String, Sendable, CaseIterable {
    /// A recording is new or changed; the data is an ``EventBody``; has an id.
    case changed
    /// Its words were edited; an ``EventBody``; has an id.
    case edited
    /// It was deleted; an ``EventBody``; has an id.
    case deleted
    /// The progress of a running job; a ``RunningBody``; has no id.
    case progress
    /// Events since Last-Event-ID are no longer kept: fetch the list again. `{}`; has the id of the latest
    /// event.
    case reset
}

public struct EventBody: Codable, Hashable, Sendable {
    /// Of the recording.
    public var id: Int64
    public var filePath: String
    public var transcriptionStatus: String
    public var audioState: String
    var at: String

    enum CodingKeys: String, CodingKey {
        case id
        case filePath = "file_path"
        case transcriptionStatus = "transcription_status"
        case audioState = "audio_state"
        case at
    }

    public init(
        id: Int64, filePath: String, transcriptionStatus: String, audioState: String, at: String
    ) {
        self.id = id
        self.filePath = filePath
        self.transcriptionStatus = transcriptionStatus
        self.audioState = audioState
        self.at = at
    }
}
