import KotibModel
import KotibTranscription
import KotibWorkerProtocol
import Synchronization

/// Collects what a worker says during one transcription. The worker reads a stranger's bytes, so what it says
/// is bounded and cleaned here.
final class LocalTranscriptDraft: Sendable {
    /// Bytes of text: some 300 hours of speech.
    static let longestText = 16 << 20

    private struct State {
        var segments: [TranscriptSegment] = []
        var size = 0
        var fraction = 0.0
    }

    private let report: @Sendable (TranscriptionProgress) -> Void
    private let state = Mutex(State())

    init(report: @escaping @Sendable (TranscriptionProgress) -> Void) {
        self.report = report
    }

    /// In order of time; nil where there was more than a recording can hold.
    var segments: [TranscriptSegment]? {
        state.withLock { $0.size > Self.longestText ? nil : $0.segments }
    }

    func add(_ reply: WorkerReply) {
        switch reply {
        case .progress(_, let fraction): advance(to: fraction)
        case .segment(_, let segment): append(segment)
        default: break
        }
    }

    private func advance(to fraction: Double) {
        let risen = state.withLock { state in
            state.fraction = max(state.fraction, min(fraction, 1))
            return state.fraction
        }
        report(.fraction(risen))
    }

    private func append(_ segment: TranscriptSegment) {
        let clean = TranscriptSegment(
            start: max(0, segment.start), end: max(0, segment.start, segment.end),
            text: Self.clean(segment.text))
        guard !clean.text.isEmpty else { return }
        let isKept = state.withLock { state in
            // A segment costs memory beside its text.
            state.size += clean.text.utf8.count + MemoryLayout<TranscriptSegment>.size
            guard state.size <= Self.longestText else {
                state.segments = []
                return false
            }
            state.segments.append(clean)
            return true
        }
        if isKept { report(.segment(clean)) }
    }

    /// One line without control characters, and without blanks around it.
    private static func clean(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: scalars.drop { $0.properties.isWhitespace })
        while line.last?.properties.isWhitespace == true { line.removeLast() }
        return String(line)
    }
}
