import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import Synchronization

/// The progress of one job. Engines report from any thread.
final class JobProgress: Sendable {
    private struct State {
        var fraction = 0.0
        var segments: [TranscriptSegment] = []
        /// The time of the last snapshot for followers.
        var shown: Duration?
    }

    /// The time between two snapshots of one job for followers.
    static let interval = Duration.milliseconds(500)

    /// A smaller fraction gives no estimate of the remaining time.
    private static let smallestFraction = 0.02

    private let recording: Recording
    private let started: Date
    /// Since the start.
    private let elapsed: @Sendable () -> Duration
    private let board: ProgressBoard
    private let state = Mutex(State())

    init(
        _ recording: Recording, started: Date, elapsed: @escaping @Sendable () -> Duration,
        board: ProgressBoard
    ) {
        self.recording = recording
        self.started = started
        self.elapsed = elapsed
        self.board = board
    }

    func note(_ progress: TranscriptionProgress) {
        state.withLock { state in
            switch progress {
            case .fraction(let fraction): state.fraction = min(1, max(state.fraction, fraction))
            case .segment(let segment): state.segments.append(segment)
            }
        }
        show()
    }

    /// Sends a snapshot to followers, unless there are none or the last one was just sent.
    func show() {
        guard board.isFollowed else { return }
        let now = elapsed()
        let isDue = state.withLock { state in
            if let shown = state.shown, now - shown < Self.interval { return false }
            state.shown = now
            return true
        }
        if isDue { board.show(snapshot()) }
    }

    func snapshot() -> RunningJob {
        let (fraction, segments) = state.withLock { ($0.fraction, $0.segments) }
        let hasEstimate = fraction >= Self.smallestFraction
        return RunningJob(
            recording: recording.id, userID: recording.user, user: recording.path.user.text,
            file: recording.path.text, duration: recording.facts?.duration ?? 0, fraction: fraction,
            started: started, remaining: hasEstimate ? elapsed() * ((1 - fraction) / fraction) : nil,
            segments: segments)
    }
}
