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

    /// In the order of the words: none empty, negative or overlapping, whatever the engine's times are.
    var cues: [Cue] {
        let whole = TranscriptSegment(start: 0, end: duration ?? 0, text: text)
        let segments = segments.isEmpty ? [whole] : segments
        var cues: [Cue] = []
        for segment in segments {
            let lines = Self.lines(segment.text)
            guard !lines.isEmpty else { continue }
            var start = Self.milliseconds(segment.start)
            if let last = cues.indices.last {
                // One that lasts too long ends where the next begins.
                if start > cues[last].start { cues[last].end = min(cues[last].end, start) }
                start = max(start, cues[last].end)
            }
            cues.append(Cue(start: start, end: max(Self.milliseconds(segment.end), start + 1), lines: lines))
        }
        return cues
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        guard seconds > 0 else { return 0 }
        return Int(min((seconds * 1000).rounded(), Double(latest)))
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
