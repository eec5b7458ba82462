/// The state of a recording. The raw values are used in the catalog and the API.
public enum RecordingState: String, Sendable, Codable, CaseIterable {
    case pending, processing, completed, failed, rejected

    /// Whether the transition to `next` is legal.
    func may(become next: RecordingState) -> Bool {
        switch (self, next) {
        case (.pending, .processing), (.pending, .failed): true
        case (.processing, .completed), (.processing, .failed), (.processing, .pending): true
        case (.completed, .pending), (.failed, .pending): true
        case (.rejected, .pending): true
        default: false
        }
    }
}
