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
    func unspokenWordsAreDropped(_ text: String) {
        #expect(SpeechText.withoutMarks(text) == "")
    }

    @Test func asidesAreKept() {
        #expect(
            SpeechText.withoutMarks("♪ He said (and meant) 5 * 3 [laughs] ♪") == "He said (and meant) 5 * 3")
        #expect(SpeechText.withoutMarks("an open [ bracket") == "an open [ bracket")
    }

    /// 80 tokens of six characters in 10 s.
    @Test func aLoopIsDoubtfulAndNotBelieved() {
        let phrase: [Int32] = [1, 2, 3, 4]
        let loop = WhisperResult(
            segments: [
                segment((0..<20).flatMap { _ in phrase }, 0..<10), segment(Array(100..<120), 10..<20),
            ],
            length: 480_000)
        #expect(loop.isDoubtful && loop.isLoop)
        #expect(loop.believable.map(\.start) == [160_000])
        #expect(loop.setAside == 160_000)
    }

    @Test func textThatDidNotEndByItselfIsALoop() {
        let endless = segment((0..<110).flatMap { _ in [1, 2] as [Int32] }, 0..<24, characters: 1)
        let loop = WhisperResult(segments: [endless], length: 384_000)
        #expect(loop.isLoop)
        #expect(loop.believable == [])
        #expect(loop.setAside == 384_000)
    }

    /// "Thank you" twenty times within five seconds.
    @Test func theSamePhraseMoreOftenThanTimeAllowsIsBelievedOnce() {
        let loop = WhisperResult(
            segments: (0..<20).map { segment([1, 2, 3, 4, 5], $0..<$0 + 1) }, length: 80_000)
        #expect(loop.isDoubtful && loop.isLoop)
        #expect(loop.believable.map(\.start) == [0])
    }

    @Test func aPhraseThatIsSaidAgainAndAgainIsBelieved() {
        let said = WhisperResult(
            segments: (0..<20).map { segment([1, 2, 3, 4, 5], $0..<$0 + 1, characters: 3) }, length: 320_000)
        #expect(said.isDoubtful && said.isPossible)
        #expect(said.believable.count == 20)
        #expect(said.setAside == 0)
    }

    /// The parts say how much was said; whole sentences are understood better.
    @Test func theWholeIsTakenWhereItSaysAsMuchAsTheParts() {
        let phrase: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8]
        func said(_ times: Int, probability: Float = -0.3) -> WhisperResult {
            let segments = (0..<times).map {
                segment(phrase, $0 * 2..<$0 * 2 + 2, probability: probability, characters: 3)
            }
            return WhisperResult(segments: segments, length: 320_000)
        }
        let loop = WhisperResult(
            segments: [segment((0..<27).flatMap { _ in phrase }, 0..<20)], length: 320_000)
        func choice(_ tries: [WhisperResult], _ parts: WhisperResult) -> WhisperResult {
            WhisperDecoder.choice(of: tries, inParts: parts)
        }
        #expect(choice([said(1), said(10)], said(9, probability: -0.6)) == said(10))
        #expect(choice([said(1), said(1)], said(8, probability: -0.6)) == said(8, probability: -0.6))
        #expect(choice([loop, loop], said(8)) == said(8))
        #expect(choice([said(9), said(3)], loop) == said(9))
        // Guesses are no measure.
        #expect(choice([said(4), said(4)], said(9, probability: -1.4)) == said(4))
    }

    @Test func aMarkIsNoWordsAndIsSetAside() {
        var music = segment([1, 2, 3], 0..<20)
        music.text = Array(" [Music]".utf8)
        let result = WhisperResult(segments: [music], length: 320_000)
        #expect(!result.hasWords)
        #expect(result.setAside == 320_000)
        #expect(WhisperResult(segments: [], length: 320_000).setAside == 320_000)
        #expect(WhisperResult(segments: [], length: 16_000).setAside == 0)
    }

    @Test func plainSpeechIsBelieved() {
        let speech = WhisperResult(segments: [segment(Array(0..<60), 0..<20)], length: 480_000)
        #expect(!speech.isDoubtful)
        #expect(speech.believable.count == 1)
        #expect(speech.isBetter(than: WhisperResult(segments: [], length: 480_000)))
    }

    @Test func guessesAreDoubtful() {
        let guesses = WhisperResult(
            segments: [segment(Array(0..<9), 0..<5, probability: -1.2)], length: 480_000)
        #expect(guesses.isDoubtful)
        #expect(guesses.believable.count == 1)
    }

    @Test func theModelIsNamedByItsFile() {
        #expect(WorkerReady.modelName(of: "/models/ggml-base-q8_0.bin") == "base-q8_0")
    }

    /// - Parameters:
    ///   - seconds: from the start of the window.
    ///   - characters: of each token.
    private func segment(
        _ tokens: [Int32], _ seconds: Range<Int>, probability: Float = -0.2, characters: Int = 6
    ) -> WhisperResult.Segment {
        let letters = tokens.flatMap { token in
            [0x20] + Array(repeating: UInt8(ascii: "a") + UInt8(token % 26), count: characters)
        }
        return .init(
            start: seconds.lowerBound * 16_000, end: seconds.upperBound * 16_000, text: letters,
            tokens: tokens,
            logProbability: probability)
    }
}
