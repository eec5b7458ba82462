/// The state of a recording. The raw values are used in the catalog and the API.
public enum RecordingState: String, Sendable, Codable, CaseIterable {
    case pending, processing, completed, failed, rejected
}
