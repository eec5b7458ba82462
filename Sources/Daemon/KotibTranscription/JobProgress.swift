import FoundationEssentials
import KotibCatalog
import KotibModel
import Synchronization

/// What an engine has told about one job. Engines report from any thread.
final class JobProgress: Sendable {
    private struct State {
        var fraction = 0.0
        var segments: [TranscriptSegment] = []
        /// When followers were last told.
        var shown: Duration?
    }

    /// Between two snapshots of one job for those who follow.
    static let interval = Duration.milliseconds(500)

    /// Less says nothing about the rest.
    private static let tellingFraction = 0.02

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

    /// Tells who follows, where anybody does and has not just been told.
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
        let isTelling = fraction >= Self.tellingFraction
        return RunningJob(
            recording: recording.id, userID: recording.user, user: ByteText.escaped(recording.path.user),
            file: recording.path.text, duration: recording.facts?.duration ?? 0, fraction: fraction,
            started: started, remaining: isTelling ? elapsed() * ((1 - fraction) / fraction) : nil,
            segments: segments)
    }
}
