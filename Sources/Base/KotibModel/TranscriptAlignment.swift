/// Maps the times of a transcript to an edited version of its words.
public enum TranscriptAlignment {
    /// Segments that hold the words of `text` in order. Unchanged words keep their time, replaced words take
    /// the time of the words that they replace, added words join the words before them, and a segment without
    /// words is removed. Empty where `segments` or `text` is.
    public static func segments(for text: String, over segments: [TranscriptSegment]) -> [TranscriptSegment] {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = segments.first, let last = segments.last, !words.isEmpty else { return [] }
        let old = segments.enumerated().flatMap { index, segment in
            segment.text.split(whereSeparator: \.isWhitespace).map { (segment: index, word: $0) }
        }
        guard !old.isEmpty else {
            return [
                TranscriptSegment(start: first.start, end: last.end, text: words.joined(separator: " "))
            ]
        }
        let places = places(of: words, among: old.map(\.word)).map { place in
            old[place.lowerBound].segment...old[place.upperBound].segment
        }
        var aligned: [TranscriptSegment] = []
        var index = 0
        while index < words.count {
            let own = places[index].lowerBound
            let end = places[index...].firstIndex { $0.lowerBound != own } ?? words.count
            let next = end < words.count ? places[end].lowerBound : segments.count
            // Replacements last as long as the words that they replace, but do not overlap unchanged words.
            let until = max(own, min(places[end - 1].upperBound, next - 1))
            aligned.append(
                TranscriptSegment(
                    start: segments[own].start, end: segments[until].end,
                    text: words[index..<end].joined(separator: " ")))
            index = end
        }
        return aligned
    }

    /// The segments of a recording that grew, after its earlier end.
    ///
    /// Of a segment across that end, the words that `earlier` ends with are left out.
    /// - Parameters:
    ///   - earlier: the engine's words of the recording up to `end`.
    ///   - end: seconds.
    public static func continuation(
        of earlier: String, until end: Double, in segments: [TranscriptSegment]
    ) -> [TranscriptSegment] {
        segments.compactMap { segment in
            if segment.end <= end || segment.text.isEmpty { return nil }
            if segment.start >= end { return segment }
            let words = segment.text.split(whereSeparator: \.isWhitespace)
            let heard = end - segment.start
            // Speech is not even: up to half as many again may have been said before the end, and a word on
            // it.
            let most = Int(Double(words.count) * min(1, 1.5 * heard / (segment.end - segment.start))) + 1
            let before = words.prefix(most)
            let known = earlier.split(whereSeparator: \.isWhitespace).suffix(2 * most)
            let last = matches(of: before, among: Array(known)).last?.new
            guard let last else { return (segment.start + segment.end) / 2 >= end ? segment : nil }
            let rest = words.dropFirst(last + 1).joined(separator: " ")
            return rest.isEmpty ? nil : TranscriptSegment(start: end, end: segment.end, text: rest)
        }
    }

    private static func matches(
        of words: some Collection<Substring>, among old: [Substring]
    ) -> [(old: Int, new: Int)] {
        WordDifference(old: old, new: words, key: WordDifference.key).matches
    }

    /// For each word the indexes of the old ones whose time it takes; never falling.
    private static func places(of words: [Substring], among old: [Substring]) -> [ClosedRange<Int>] {
        let matches = matches(of: words, among: old)
        var places: [ClosedRange<Int>] = []
        places.reserveCapacity(words.count)
        var oldIndex = 0
        for match in matches + [(old: old.count, new: words.count)] {
            let (replaced, added) = (match.old - oldIndex, match.new - places.count)
            for position in 0..<max(0, added) {
                let first = replaced > 0 ? oldIndex + position * replaced / added : oldIndex - 1
                let last = replaced > 0 ? oldIndex + (position + 1) * replaced / added - 1 : first
                let place = min(max(first, 0), old.count - 1)
                places.append(place...max(place, min(last, old.count - 1)))
            }
            if match.new < words.count { places.append(match.old...match.old) }
            oldIndex = match.old + 1
        }
        return places
    }
}
