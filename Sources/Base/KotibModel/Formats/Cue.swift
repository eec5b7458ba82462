/// A stretch of a recording and the lines that are shown during it.
struct Cue: Hashable {
    /// Milliseconds.
    var start: Int
    /// Milliseconds; after `start`.
    var end: Int
    /// At least one, none of them blank.
    var lines: [Substring]

    /// `hh:mm:ss` and the milliseconds behind `separator`.
    static func time(_ milliseconds: Int, separator: String) -> String {
        let seconds = milliseconds / 1000
        return clock(seconds) + separator + padded(milliseconds % 1000, 3)
    }

    /// `hh:mm:ss`.
    static func clock(_ seconds: Int) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension TranscriptDocument {
    /// Milliseconds: 99:59:59,999, the last time that two digits of hours can write.
    private static let latest = 359_999_999

    /// The segments in the order of the words. Times are never negative, infinite, overlapping or before an
    /// earlier one, whatever the engine's times are.
    var orderedSegments: [TranscriptSegment] { Self.ordered(segments) }

    private static func ordered(_ segments: [TranscriptSegment]) -> [TranscriptSegment] {
        var ordered: [TranscriptSegment] = []
        for segment in segments {
            var start = bounded(segment.start)
            if let last = ordered.indices.last {
                // One that lasts too long ends where the next begins.
                if start > ordered[last].start { ordered[last].end = min(ordered[last].end, start) }
                start = max(start, ordered[last].end)
            }
            let end = max(bounded(segment.end), start)
            ordered.append(TranscriptSegment(start: start, end: end, text: segment.text))
        }
        return ordered
    }

    /// As ``orderedSegments``, but none is empty; one without times spans the whole recording.
    var cues: [Cue] {
        let whole = TranscriptSegment(start: 0, end: Self.bounded(duration ?? 0), text: text)
        var cues: [Cue] = []
        for segment in Self.ordered((segments.isEmpty ? [whole] : segments).filter(Self.isShown)) {
            let start = max(Self.milliseconds(segment.start), cues.last?.end ?? 0)
            cues.append(
                Cue(
                    start: start, end: max(Self.milliseconds(segment.end), start + 1),
                    lines: Self.lines(segment.text)))
        }
        return cues
    }

    private static func isShown(_ segment: TranscriptSegment) -> Bool { !lines(segment.text).isEmpty }

    private static func bounded(_ seconds: Double) -> Double {
        // Not a number is less than nothing, too.
        seconds > 0 ? min(seconds, Double(latest) / 1000) : 0
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        Int((seconds * 1000).rounded())
    }

    /// A blank line would end a cue, and a control character is nothing to show.
    static func lines(_ text: String) -> [Substring] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let shown = String(
                String.UnicodeScalarView(line.unicodeScalars.map { isControl($0) ? " " : $0 }))
            let first = shown.firstIndex { !$0.isWhitespace }
            let last = shown.lastIndex { !$0.isWhitespace }
            guard let first, let last else { return nil }
            return shown[first...last]
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
