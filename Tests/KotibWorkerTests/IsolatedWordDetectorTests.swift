import Testing

@testable import KotibWorker

@Suite struct IsolatedWordDetectorTests {
    /// Probabilities after judging; a negative one stands for a frame of silence.
    private func judged(_ frames: [Float]) -> [Float] {
        var words = IsolatedWordDetector()
        let known = frames.flatMap {
            words.add(.init(probability: max(0, $0), power: $0 < 0 ? 0 : 1))
        }
        return (known + words.finish()).map(\.probability)
    }

    private let silence = Array(repeating: Float(-1), count: 12)

    private func sound(_ count: Int, _ probability: Float = 0.2) -> [Float] {
        Array(repeating: probability, count: count)
    }

    @Test func aSoundBetweenSilencesNeedsLess() {
        let given = judged(silence + sound(12) + silence)
        #expect(given == silence.map { _ in 0 } + sound(12, 0.5) + silence.map { _ in 0 })
        // The recording's beginning and end count as silence.
        #expect(judged(sound(12)) == sound(12, 0.5))
        #expect(judged(silence + sound(5) + silence.prefix(3) + sound(5) + silence).max() == 0.5)
        // Said again and again.
        let again = silence + (0..<4).flatMap { _ in sound(13) + silence.prefix(8) }
        #expect(judged(again).count { $0 == 0.5 } == 52)
    }

    @Test func nonWordsAreUnchanged() {
        for frames in [
            silence + sound(7) + silence, silence + sound(51) + silence, silence + sound(12, 0.1) + silence,
            silence.prefix(7) + sound(60) + silence.prefix(7) + sound(12) + silence,
            silence + sound(20, 0.4) + silence,
        ] {
            #expect(judged(Array(frames)) == frames.map { max(0, $0) })
        }
    }

    @Test func everyFrameComesOnce() {
        let frames =
            silence + sound(30) + silence.prefix(9) + sound(30) + silence + sound(3) + silence.prefix(2)
        #expect(judged(Array(frames)).count == frames.count)
    }
}
