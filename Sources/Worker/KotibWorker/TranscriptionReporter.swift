import KotibModel
import KotibWorkerProtocol

/// Sends the engine's progress and segments to the daemon.
final class TranscriptionReporter: TranscriptionObserver {
    private let job: Job
    private let send: (WorkerReply) -> Void
    private var fraction = 0.0

    init(_ job: Job, send: @escaping (WorkerReply) -> Void) {
        self.job = job
        self.send = send
    }

    var isCancelled: Bool { job.isCancelled }

    func progressed(to fraction: Double) {
        // Never back, and never a number that JSON cannot carry.
        if fraction.isFinite { self.fraction = max(self.fraction, min(1, fraction)) }
        send(.progress(request: job.request, fraction: self.fraction))
    }

    func heard(_ segment: TranscriptSegment) {
        let start = segment.start.isFinite ? max(0, segment.start) : 0
        let end = segment.end.isFinite ? max(start, segment.end) : start
        for piece in SegmentText.pieces(of: SegmentText.cleaned(segment.text)) {
            let clean = TranscriptSegment(start: start, end: end, text: piece)
            send(.segment(request: job.request, segment: clean))
        }
    }
}
