import FoundationEssentials
import KotibCatalog
import KotibModel
import Synchronization

/// A recording that is being transcribed, as a status page shows it.
public struct RunningJob: Hashable, Sendable {
    public var recording: RecordingID
    /// Readable names (``InboxPath/text``).
    public var user: String
    public var file: String
    /// Seconds.
    public var duration: Double
    /// Between 0 and 1.
    public var fraction: Double
    public var started: Date
    /// What was heard so far.
    public var segments: [TranscriptSegment]
}

/// The engine is out of service.
public struct EnginePause: Hashable, Sendable {
    /// The engine's sentence.
    public var message: String
    /// Until the next probe.
    public var remaining: Duration
}

/// What an engine has told about one job. Engines report from any thread.
final class JobProgress: Sendable {
    private struct State {
        var fraction = 0.0
        var segments: [TranscriptSegment] = []
    }

    private let state = Mutex(State())

    func note(_ progress: TranscriptionProgress) {
        state.withLock { state in
            switch progress {
            case .fraction(let fraction): state.fraction = min(1, max(state.fraction, fraction))
            case .segment(let segment): state.segments.append(segment)
            }
        }
    }

    var soFar: (fraction: Double, segments: [TranscriptSegment]) {
        state.withLock { ($0.fraction, $0.segments) }
    }
}
