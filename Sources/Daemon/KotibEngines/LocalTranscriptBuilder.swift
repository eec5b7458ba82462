import KotibModel
import KotibTranscription
import KotibWorkerProtocol
import Synchronization

/// Collects a worker's replies during one transcription. The worker reads untrusted bytes, so its replies are
/// bounded and cleaned here.
final class LocalTranscriptBuilder: Sendable {
    /// Bytes of text: some 300 hours of speech.
    static let longestText = 16 << 20

    private struct State {
        var segments: [TranscriptSegment] = []
        var size = 0
        var fraction = 0.0
        /// The start of the last segment.
        var start = 0.0
    }

    private let longest: Double
    private let report: @Sendable (TranscriptionProgress) -> Void
    private let state = Mutex(State())

    /// - Parameter longest: the end of the recording in seconds; later times are clamped.
    init(longest: Double, report: @escaping @Sendable (TranscriptionProgress) -> Void) {
        self.longest = longest
        self.report = report
    }

    /// In order of time; nil if there were more than a recording can hold.
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
        let text = Self.clean(segment.text)
        guard !text.isEmpty else { return }
        let kept: TranscriptSegment? = state.withLock { state in
            // A segment costs memory beside its text.
            state.size += text.utf8.count + MemoryLayout<TranscriptSegment>.size
            guard state.size <= Self.longestText else {
                state.segments = []
                return nil
            }
            // In order of time, whatever was said of it.
            state.start = max(state.start, min(segment.start, longest))
            let clean = TranscriptSegment(
                start: state.start, end: max(state.start, min(segment.end, longest)), text: text)
            state.segments.append(clean)
            return clean
        }
        if let kept { report(.segment(kept)) }
    }

    /// One line without control characters and those that turn the direction of writing, and without blanks
    /// around it.
    private static func clean(_ text: String) -> String {
        let scalars = text.unicodeScalars.filter { !$0.properties.isBidiControl }.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: " " as Unicode.Scalar
            default: scalar
            }
        }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: scalars.drop { $0.properties.isWhitespace })
        while line.last?.properties.isWhitespace == true { line.removeLast() }
        return String(line)
    }
}
