import KotibModel
import KotibTestSupport

/// Makes transcripts and edits of them that are the same each time.
struct SpeechSamples {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    /// Few different words, so that hardly one stands there once.
    mutating func words(_ count: Int, of vocabulary: Int) -> [String] {
        (0..<count).map { _ in "w\(number(0..<vocabulary))" }
    }

    /// Segments of 1 to `longest` words, one second a word, with pauses.
    mutating func segments(_ words: [String], longest: Int = 12) -> [TranscriptSegment] {
        var segments: [TranscriptSegment] = []
        var (index, time) = (0, 0.0)
        while index < words.count {
            let end = min(words.count, index + number(1..<longest + 1))
            let text = words[index..<end].joined(separator: " ")
            let length = Double(end - index)
            segments.append(TranscriptSegment(start: time, end: time + length, text: text))
            time += length + Double(number(0..<3))
            index = end
        }
        return segments
    }

    /// Replaces, removes, adds or moves words at `count` places.
    mutating func edited(_ words: [String], places count: Int) -> [String] {
        var words = words
        for place in 0..<count where !words.isEmpty {
            let start = number(0..<words.count)
            let stretch = start..<min(words.count, start + number(1..<6))
            switch number(0..<4) {
            case 0: words.removeSubrange(stretch)
            case 1: words.insert(contentsOf: ["new\(place)", "words"], at: start)
            case 2: words.replaceSubrange(stretch, with: ["other\(place)"])
            default: words.swapAt(start, stretch.upperBound - 1)
            }
        }
        return words
    }

    /// Whatever an engine may say: negative, backwards, overlapping, endless, no number.
    mutating func wildTime() -> Double {
        switch number(0..<12) {
        case 0: .nan
        case 1: .infinity
        case 2: -.infinity
        case 3: 1e300
        case 4: -Double(number(0..<1000))
        default: Double(number(0..<100_000)) / 1000
        }
    }

    mutating func wildSegments() -> [TranscriptSegment] {
        (0..<number(0..<20)).map { _ in
            let texts = ["one", "two\nlines", "", " ", "\n", "a --> b", "<i>&", "bell\u{7}", "ʻoʻ #*_"]
            return TranscriptSegment(start: wildTime(), end: wildTime(), text: texts[number(0..<texts.count)])
        }
    }
}
