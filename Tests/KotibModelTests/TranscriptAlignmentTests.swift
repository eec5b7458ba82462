import KotibModel
import Testing

struct TranscriptAlignmentTests {
    private func segment(_ start: Double, _ end: Double, _ text: String) -> TranscriptSegment {
        TranscriptSegment(start: start, end: end, text: text)
    }

    private func words(_ segments: [TranscriptSegment]) -> [String] {
        segments.flatMap { $0.text.split(whereSeparator: \.isWhitespace).map(String.init) }
    }

    private let talk = [
        TranscriptSegment(start: 0, end: 2, text: "Salom, dunyo."),
        TranscriptSegment(start: 2, end: 5, text: "Bugun havo yaxshi."),
        TranscriptSegment(start: 6, end: 9, text: "Xayr, do'stlar!"),
    ]

    /// The words of a recording that went on, of which the first five seconds had been heard as `earlier`.
    @Test(arguments: [
        ("And so my fellow Americans.", ["ask not what", "your country"]),
        // A word that the end cut is rather written twice than lost.
        ("And so, my fellow America", ["Americans, ask not what", "your country"]),
        // No similar words: the middle of the segment lies behind the end.
        ("Hello", ["And so my fellow Americans, ask not what", "your country"]),
        ("", ["And so my fellow Americans, ask not what", "your country"]),
        // Words that are repeated after the end are new.
        ("And so", ["my fellow Americans, ask not what", "your country"]),
    ])
    func continuationSkipsEarlierWords(earlier: String, new: [String]) {
        let segments = [
            segment(0, 1, "Yes."), segment(2, 9, "And so my fellow Americans, ask not what"),
            segment(9, 11, "your country"),
        ]
        let continued = TranscriptAlignment.continuation(of: earlier, until: 5, in: segments)
        #expect(continued.map(\.text) == new)
        #expect(continued.allSatisfy { $0.start < $0.end })
    }

    @Test func sameWordsKeepTheirTimes() {
        let text = "Salom, dunyo.\nBugun havo yaxshi.\n\nXayr, do'stlar!"
        #expect(TranscriptAlignment.segments(for: text, over: talk) == talk)
    }

    @Test func aCorrectedWordTakesTheTimeOfTheOneBefore() {
        let text = "salom dunyo! Bugun osmon yaxshi. Xayr, do'stlar!"
        let aligned = TranscriptAlignment.segments(for: text, over: talk)
        #expect(
            aligned == [
                segment(0, 2, "salom dunyo!"), segment(2, 5, "Bugun osmon yaxshi."),
                segment(6, 9, "Xayr, do'stlar!"),
            ])
    }

    @Test func addedWordsJoinTheWordsBeforeThem() {
        let text = "Eshiting: Salom, dunyo. Yana salom. Bugun havo yaxshi. Xayr, do'stlar! Tamom."
        let aligned = TranscriptAlignment.segments(for: text, over: talk)
        #expect(
            aligned == [
                segment(0, 2, "Eshiting: Salom, dunyo. Yana salom."), segment(2, 5, "Bugun havo yaxshi."),
                segment(6, 9, "Xayr, do'stlar! Tamom."),
            ])
    }

    @Test func aSegmentWithoutWordsVanishes() {
        let aligned = TranscriptAlignment.segments(for: "Salom, dunyo. Xayr, do'stlar!", over: talk)
        #expect(aligned == [talk[0], talk[2]])
    }

    @Test func nothingIsLaidOverNothing() {
        #expect(TranscriptAlignment.segments(for: "", over: talk).isEmpty)
        #expect(TranscriptAlignment.segments(for: " \n", over: talk).isEmpty)
        #expect(TranscriptAlignment.segments(for: "words", over: []).isEmpty)
        let silent = [segment(1, 2, ""), segment(3, 4, " ")]
        #expect(TranscriptAlignment.segments(for: "now words", over: silent) == [segment(1, 4, "now words")])
    }

    /// A language that puts no spaces between words: one long word stands for all that was said.
    @Test func aWordInThePlaceOfManyLastsAsLongAsThey() {
        let spoken = [segment(0, 2, "今日は"), segment(2, 4, "いい"), segment(5, 7, "天気です")]
        let aligned = TranscriptAlignment.segments(for: "きょうはいい天気ですね", over: spoken)
        #expect(aligned == [segment(0, 7, "きょうはいい天気ですね")])
        // Words that match again keep their time, and nothing overlaps it.
        let half = TranscriptAlignment.segments(for: "きょうはいい 天気です", over: spoken)
        #expect(half == [segment(0, 4, "きょうはいい"), segment(5, 7, "天気です")])
    }

    @Test(arguments: 0..<60) func wordsKeepTheirOrderAndTimesNeverFall(seed: UInt64) {
        var samples = SpeechSamples(seed: seed)
        let before = samples.words(samples.number(0..<400), of: seed.isMultiple(of: 2) ? 8 : 500)
        let old = samples.segments(before)
        let after = samples.edited(before, places: samples.number(0..<30))
        let text = after.joined(separator: seed.isMultiple(of: 3) ? "\n" : " ")
        let aligned = TranscriptAlignment.segments(for: text, over: old)
        #expect(words(aligned) == (old.isEmpty ? [] : after))
        #expect(aligned.allSatisfy { $0.start >= 0 && $0.end >= $0.start && !$0.text.isEmpty })
        for (earlier, later) in zip(aligned, aligned.dropFirst()) {
            #expect(earlier.end <= later.start)
        }
        let (starts, ends) = (Set(old.map(\.start)), Set(old.map(\.end)))
        #expect(aligned.allSatisfy { starts.contains($0.start) && ends.contains($0.end) })
    }

    @Test(arguments: 0..<20) func aWordThatNobodyTouchedKeepsItsTime(seed: UInt64) throws {
        var samples = SpeechSamples(seed: seed)
        // Each word occurs once.
        let before = (0..<300).map { "word\($0)" }
        let old = samples.segments(before)
        let removed = samples.number(0..<300)
        var after = before
        after[removed] = "corrected"
        let aligned = TranscriptAlignment.segments(for: after.joined(separator: " "), over: old)
        #expect(aligned.map(\.start) == old.map(\.start) && aligned.map(\.end) == old.map(\.end))
    }

    /// 12 hours at 150 words a minute, corrected everywhere. Shows that it ends: an algorithm with a
    /// quadratic part would take 10^10 steps.
    @Test(arguments: [1, 3, 5000, 1_000_000]) func aLongDayIsAligned(vocabulary: Int) {
        var samples = SpeechSamples(seed: UInt64(vocabulary))
        let before = samples.words(108_000, of: vocabulary)
        let old = samples.segments(before, longest: 20)
        let after = samples.edited(before, places: 500)
        let aligned = TranscriptAlignment.segments(for: after.joined(separator: " "), over: old)
        #expect(words(aligned) == after)
        #expect(zip(aligned, aligned.dropFirst()).allSatisfy { $0.end <= $1.start })
    }

    @Test func aLongDayReplacedByOtherWordsIsAligned() {
        var samples = SpeechSamples(seed: 7)
        let old = samples.segments(samples.words(108_000, of: 3000))
        let after = samples.words(90_000, of: 3000).map { "x" + $0 }
        let aligned = TranscriptAlignment.segments(for: after.joined(separator: " "), over: old)
        #expect(words(aligned) == after)
        #expect(zip(aligned, aligned.dropFirst()).allSatisfy { $0.end <= $1.start })
    }
}
