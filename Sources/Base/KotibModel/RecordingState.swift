/// Where a recording is on its way. The raw values stand in the catalog and are the seed's.
public enum RecordingState: String, Sendable, Codable, CaseIterable {
    case pending, processing, completed, failed, rejected

    /// Whether the step to `next` is a legal one.
    public func may(become next: RecordingState) -> Bool {
        switch (self, next) {
        case (.pending, .processing), (.pending, .failed): true
        case (.processing, .completed), (.processing, .failed), (.processing, .pending): true
        case (.completed, .pending), (.failed, .pending): true
        case (.rejected, .pending): true
        default: false
        }
    }
}
