import Testing

@testable import KotibWorker

/// How often a phrase was said, by the text and by the spans of the voice detection.
@Suite struct RefrainTests {
    @Test(arguments: [
        ("Check.", "Check.", 1), ("Check, check, check.", "Check.", 3), ("chuk chuk chuk ch", "chuk", 4),
        ("One two. One two. One two.", "One two.", 3), ("5 5 5", "5", 3), ("5555", "5", 4),
        ("да да да", "да", 3), ("はいはい", "はい", 2), ("1, 2, 1, 2", "1 2.", 2), ("2024, 2024", "2024.", 2),
        ("ask what you can do, ask what you can do", "ask what you can do.", 2),
    ])
    func aPhraseIsFoundWithItsCount(_ text: String, _ phrase: String, _ count: Int) throws {
        let refrain = try #require(Refrain(text))
        #expect(refrain.text == phrase && refrain.count == count, "\(refrain)")
    }

    @Test(arguments: ["", "...", "yes no", "check one two", "one two one two three"])
    func aTextThatSaysMoreIsNone(_ text: String) {
        #expect(Refrain(text).map { $0.count == 1 } ?? true)
    }

    /// A second of speech each, but for what `seconds` says, and as much silence around.
    private func window(_ seconds: [Double]) -> SpeechWindow {
        var at = 0
        return SpeechWindow(
            pieces: seconds.map { seconds in
                let count = Int(seconds * 16_000)
                let audio = at..<at + count + 6_400
                at = audio.upperBound + 16_000
                let span = VoiceSpan(
                    speech: audio.lowerBound + 3_200..<audio.upperBound - 3_200, audio: audio)
                return SpeechPiece(span: span, samples: Channels.noise(audio.count, rms: 0.1))
            })
    }

    private func result(_ text: String, _ window: SpeechWindow, logProbability: Float = -0.3) -> WhisperResult
    {
        let segment = WhisperResult.Segment(
            start: 0, end: window.length, text: Array(text.utf8), tokens: [1, 2, 3],
            logProbability: logProbability)
        return WhisperResult(segments: [segment], length: window.length)
    }

    @Test func aPhraseComesOncePerSpan() throws {
        let window = window(Array(repeating: 0.5, count: 8))
        for heard in [5, 7, 9, 12] {
            let text = Array(repeating: "Yes", count: heard).joined(separator: ", ")
            #expect(window.fits(try #require(Refrain(text))))
        }
        for heard in [1, 4, 14, 60] {
            let text = Array(repeating: "yes", count: heard).joined(separator: " ")
            #expect(!window.fits(try #require(Refrain(text))))
        }
        let counted = window.result(of: try #require(Refrain("Yes, yes.")), logProbability: -0.3)
        #expect(counted.text == Array(repeating: "Yes.", count: 8).joined(separator: " "))
        let starts = counted.segments.map { window.position(of: $0.start, isStart: true) }
        #expect(starts == window.pieces.map(\.span.speech.lowerBound))
        #expect(!self.window([0.5, 0.5, 2]).hasEqualSpans && !self.window([0.5, 0.5]).hasEqualSpans)
    }

    /// A word that the voice detection parts at its consonants, and one that does not fit into its spans.
    @Test func aPartOfAPhraseIsNone() throws {
        let audio = [0..<12_000, 12_000..<24_000, 40_000..<52_000]
        let parts = SpeechWindow(
            pieces: audio.map { audio in
                let span = VoiceSpan(
                    speech: audio.lowerBound + 1_600..<audio.upperBound - 1_600, audio: audio)
                return SpeechPiece(span: span, samples: Channels.noise(audio.count, rms: 0.1))
            })
        let whole = parts.withWholePhrases
        #expect(whole.pieces.map(\.span.audio) == [0..<24_000, 40_000..<52_000])
        #expect(whole.pieces.map(\.span.speech) == [1_600..<22_400, 41_600..<50_400])
        #expect(whole.samples == parts.samples)
        #expect(window([0.5, 0.5, 0.5]).withWholePhrases.pieces.count == 3)
        let short = window(Array(repeating: 0.4, count: 4))
        #expect(short.fits(try #require(Refrain("Hello. Hello. Hello. Hello."))))
        #expect(!short.fits(try #require(Refrain("Hello world. Hello world. Hello world. Hello world."))))
    }

    @Test func fewerWordsThanSpansAreFew() {
        let window = window(Array(repeating: 0.5, count: 8))
        for text in ["Yes.", "One two three four five", "", "[Music]", "on on on on"] {
            #expect(window.isShort(of: result(text, window)), "\(text)")
        }
        #expect(!window.isShort(of: result("one two three four five six seven", window)))
        #expect(!self.window([0.5, 0.5]).isShort(of: result("Yes.", window)))
        var few = result("Yes.", window)
        few.unheard = 56_000
        #expect(few.setAside == 56_000)
    }

    @Test func spansAgreeOrDoNot() {
        let window = window([0.5])
        func alone(_ texts: [String], _ logProbability: Float = -1.3) -> [WhisperResult] {
            texts.map { result($0, window, logProbability: logProbability) }
        }
        let whole = Refrain("Chuk chuk").map { [$0] } ?? []
        #expect(WhisperDecoder.agreed(alone(["Five.", "five", "Five.", "Fire."]), whole)?.text == "Five.")
        #expect(WhisperDecoder.agreed(alone(["Chuk.", "Chuk.", "Cook.", "Book."]), whole)?.text == "Chuk")
        #expect(WhisperDecoder.agreed(alone(["a", "a", "b", "b"]), whole) == nil)
        #expect(WhisperDecoder.agreed(alone(["Five.", "five", "Five.", "Five."], -2.5), whole) == nil)
        #expect(WhisperDecoder.agreed(alone(["[Music]", "[Music]", "[Music]"]), []) == nil)
        #expect(WhisperDecoder.agreed([], whole) == nil)
        // A hum that is a mark of sound as a whole.
        #expect(WhisperDecoder.agreed(alone(["Mmmm.", "Mmmm.", "Mmmm."], -1.4), []) == nil)
        #expect(WhisperDecoder.agreed(alone(["Great.", "Great.", "Great."], -1.1), [])?.text == "Great.")
    }
}
