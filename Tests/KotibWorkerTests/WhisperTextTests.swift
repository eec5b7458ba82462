import KotibWorkerProtocol
import Testing

@testable import KotibWorker

struct WhisperTextTests {
    @Test func aCharacterTornBetweenSegmentsIsMended() {
        let bytes = Array("oʻqish Ж".utf8)
        #expect(
            SpeechText.texts(of: [Array(bytes.prefix(2)), Array(bytes.dropFirst(2))]) == ["o", "ʻqish Ж"])
        #expect(SpeechText.texts(of: [Array(bytes.dropLast(1)), Array(bytes.suffix(1))]) == ["oʻqish", "Ж"])
    }

    @Test func bytesThatAreNoTextAreLeftOut() {
        #expect(SpeechText.texts(of: [[0x61, 0xFF, 0x62], [0xF0, 0x9F]]) == ["ab", ""])
    }

    @Test(arguments: [
        (" Hello \u{1B}[31m\n world\u{202E} ", "Hello [31m world"), ("a\t\u{0}b", "a b"), ("e\u{301}", "é"),
    ])
    func textIsOnePlainLine(_ text: String, _ plain: String) {
        #expect(SpeechText.plain(text) == plain)
    }

    @Test(arguments: ["[BLANK_AUDIO]", " (water flowing)", "♪ ♪", "*sighs*", "[Music] (applause)", "...", ""])
    func whatNobodySaidIsDropped(_ text: String) {
        #expect(SpeechText.withoutMarks(text) == "")
    }

    @Test func asidesAreKept() {
        #expect(
            SpeechText.withoutMarks("♪ He said (and meant) 5 * 3 [laughs] ♪") == "He said (and meant) 5 * 3")
        #expect(SpeechText.withoutMarks("an open [ bracket") == "an open [ bracket")
    }

    @Test func aLoopIsDoubtfulAndNotBelieved() {
        let phrase: [Int32] = [1, 2, 3, 4]
        let loop = WhisperResult(
            segments: [segment((0..<20).flatMap { _ in phrase }, 0), segment(Array(100..<120), 1)],
            length: 480_000)
        #expect(loop.isDoubtful)
        #expect(loop.believable.map(\.start) == [1])
    }

    @Test func theSamePhraseOverManySegmentsIsBelievedOnce() {
        let loop = WhisperResult(segments: (0..<20).map { segment([1, 2, 3, 4, 5], $0) }, length: 480_000)
        #expect(loop.isDoubtful)
        #expect(loop.believable.map(\.start) == [0])
    }

    @Test func plainSpeechIsBelieved() {
        let speech = WhisperResult(segments: [segment(Array(0..<60), 0)], length: 480_000)
        #expect(!speech.isDoubtful)
        #expect(speech.believable.count == 1)
        #expect(speech.isBetter(than: WhisperResult(segments: [], length: 480_000)))
    }

    @Test func guessesAreDoubtful() {
        let guesses = WhisperResult(segments: [segment(Array(0..<9), 0, probability: -1.2)], length: 480_000)
        #expect(guesses.isDoubtful)
        #expect(guesses.believable.count == 1)
    }

    @Test func theModelIsNamedByItsFile() {
        #expect(WorkerReady.modelName(of: "/models/ggml-base-q8_0.bin") == "base-q8_0")
    }

    private func segment(_ tokens: [Int32], _ start: Int, probability: Float = -0.2) -> WhisperResult.Segment
    {
        .init(start: start, end: start + 1, text: [], tokens: tokens, logProbability: probability)
    }
}
