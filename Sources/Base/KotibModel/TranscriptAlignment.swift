/// Lays the times of a transcript over an edited version of its words.
public enum TranscriptAlignment {
    /// Segments for `text`, which together hold its words in their order. Words that were there before keep
    /// their time, words in the place of others take theirs, added ones join the words before them, and
    /// a segment without words vanishes. Empty where `segments` or `text` is.
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
            // Words in the place of others last as long as those did, but not into what has words of its own.
            let until = max(own, min(places[end - 1].upperBound, next - 1))
            aligned.append(
                TranscriptSegment(
                    start: segments[own].start, end: segments[until].end,
                    text: words[index..<end].joined(separator: " ")))
            index = end
        }
        return aligned
    }

    /// For each word the indexes of the old ones whose time it takes; never falling.
    private static func places(of words: [Substring], among old: [Substring]) -> [ClosedRange<Int>] {
        var numbers: [String: Int] = [:]
        let number = { (word: Substring) -> Int in
            let key = WordDifference.key(word)
            let next = numbers.count
            numbers[key, default: next] = numbers[key] ?? next
            return numbers[key] ?? next
        }
        let (oldNumbers, newNumbers) = (old.map(number), words.map(number))
        let matches = WordDifference(old: oldNumbers, new: newNumbers).matches
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
