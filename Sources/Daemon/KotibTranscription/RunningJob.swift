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
    /// The estimated time to the end, at the rate so far; nil before there is an estimate.
    public var remaining: Duration?
    /// The segments so far.
    var segments: [TranscriptSegment]
}
