import FoundationEssentials
import KotibCatalog
import KotibModel

/// A recording that is being transcribed, as a status page shows it.
public struct RunningJob: Hashable, Sendable {
    public var recording: RecordingID
    public var userID: UserID?
    /// Readable names (``InboxPath/text``).
    public var user: String
    public var file: String
    /// Seconds.
    public var duration: Double
    /// Between 0 and 1.
    public var fraction: Double
    public var started: Date
    /// As long as the rest takes if it goes on as so far; nil before there is enough to tell by.
    public var remaining: Duration?
    /// What was heard so far.
    public var segments: [TranscriptSegment]
}
