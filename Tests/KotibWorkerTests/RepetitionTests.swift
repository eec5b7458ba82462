import Foundation
import KotibModel
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// Repetitions of people are kept, and those that Whisper makes up are removed.
@Suite(.serialized) struct RepetitionTests {
    let fixture: WhisperFixture

    init() throws {
        fixture = try WhisperFixture()
    }

    private func hear(
        _ samples: [Float], by engine: WhisperSpeechToText
    ) throws -> (segments: [TranscriptSegment], summary: TranscriptionSummary) {
        let listener = Listener()
        let summary = try engine.transcribe(
            SampleArray(samples), language: "en", expectedDuration: 0, observer: listener)
        return (listener.segments, try #require(summary))
    }

    private func words(_ segments: [TranscriptSegment]) -> [Substring] {
        segments.flatMap { $0.text.split { !$0.isLetter && !$0.isNumber && $0 != "-" } }
    }

    /// Microphones are tested so: 22 words, three of them different.
    private func test() throws -> [Float] {
        try Self.spoken(
            """
            Check. Check. Check. One two. One two. Check. Check. One two. Check. Check. One two. One two. Check. \
            Check. One two. Check.
            """)
    }

    @Test func aRepeatedWordStaysWhateverWasHeardBefore() throws {
        let engine = try fixture.engine()
        let (test, others) = (
            try test(), [try fixture.speech("jfk"), try Self.spoken("No. No. No. No. No. No. No. No.")]
        )
        let first = try hear(test, by: engine)
        #expect(words(first.segments).count == 22, "\(words(first.segments))")
        #expect(first.summary.warnings.isEmpty)
        for turn in 0..<6 {
            // Three recordings, so that each lane gets each of them.
            _ = try hear(others[turn % 2], by: engine)
            if turn % 3 == 0 { _ = try hear(others[0], by: engine) }
            #expect(try hear(test, by: engine).segments == first.segments)
        }
        #expect(try hear(test, by: fixture.engine(threads: 1)).segments == first.segments)
    }

    /// As one phrase, Whisper writes this once, in a segment of 7 s.
    @Test(arguments: [(3, 0.5), (10, 0.5), (10, 0.125)])
    func aRealVoiceIsHeardAsOftenAsItSpeaks(_ times: Int, _ pause: Double) throws {
        let phrase = Array(try fixture.speech("jfk")[84_800..<123_200])
        let pause = WhisperFixture.silence(seconds: pause)
        let speech = (0..<times).flatMap { _ in phrase + pause }
        let heard = try hear(speech, by: fixture.engine())
        let text = heard.segments.map(\.text).joined(separator: " ").lowercased()
        #expect(text.components(separatedBy: "your country can do for you").count - 1 == times, "\(text)")
        #expect(heard.summary.warnings.isEmpty)
    }

    @Test(arguments: [
        "Please call me back tomorrow.", "Where is my money?", "The train leaves at noon.",
    ])
    func threefoldWordsAreKept(_ phrase: String) throws {
        let heard = try hear(
            Self.spoken(Array(repeating: phrase, count: 3).joined(separator: " ")), by: fixture.engine())
        let count = words(heard.segments).count
        let expected = 3 * phrase.split(separator: " ").count
        // espeak-ng is not always understood, but never for a third of what it says.
        #expect(abs(count - expected) <= expected / 4, "\(words(heard.segments))")
    }

    /// With pauses, as a word comes from a voice that tests a line. As a whole Whisper says it seven times,
    /// nine times, or once.
    @Test(arguments: [
        ("Check.", 3, 0.3), ("Check.", 8, 0.7), ("Check.", 12, 2), ("Seven.", 5, 1.2), ("Seven.", 8, 0.3),
        ("Yes.", 3, 2), ("Yes.", 8, 0.7), ("Hello world.", 8, 0.7), ("One two.", 8, 0.7),
        ("One two.", 12, 1.2),
    ])
    func aWordWithPausesComesAsOftenAsItIsSaid(_ phrase: String, _ times: Int, _ pause: Double) throws {
        let speech = try Self.spoken(phrase)
        let loudest = speech.reduce(0) { max($0, abs($1)) }
        let sound = speech.indices.filter { abs(speech[$0]) > loudest / 100 }
        let word = Array(speech[try #require(sound.first)...(try #require(sound.last))])
        let samples = (0..<times).flatMap { _ in word + WhisperFixture.silence(seconds: pause) }
        let heard = try hear(WhisperFixture.silence(seconds: 0.5) + samples, by: fixture.engine())
        let text = heard.segments.map(\.text).joined(separator: " ")
        // Base does not always understand espeak-ng, and hears "the long were all" each time.
        let isCounted = Refrain(text)?.count == times
        #expect(
            isCounted || Refrain.words(in: text).count == times * Refrain.words(in: phrase).count, "\(text)")
        #expect(heard.summary.warnings.isEmpty)
        let starts = heard.segments.map(\.start)
        #expect(starts == starts.sorted())
    }

    /// Spans of which some are no words: what has none is told.
    @Test(arguments: [3, 4, 8]) func aWordThatIsNotUnderstoodIsTold(_ times: Int) throws {
        let country = Array(try fixture.speech("jfk")[96_000..<104_000])
        let heard = try hear(
            (0..<times).flatMap { _ in country + WhisperFixture.silence(seconds: 0.7) }, by: fixture.engine())
        let count = Refrain.words(in: heard.segments.map(\.text).joined(separator: " ")).count
        #expect(count >= times || !heard.summary.warnings.isEmpty, "\(words(heard.segments))")
    }

    /// Two minutes of one word: there is no endless loop, and either the word is transcribed about as often
    /// as it is said, or the rest is reported as doubtful.
    @Test(arguments: [64, 100])
    func twoMinutesOfOneWordAreNoLoop(_ times: Int) throws {
        let country = Array(try fixture.speech("jfk")[96_000..<104_000])
        let gap = WhisperFixture.silence(seconds: 120 / Double(times) - 0.5)
        let heard = try hear((0..<times).flatMap { _ in country + gap }, by: fixture.engine())
        let count = words(heard.segments).count
        #expect(count <= 2 * times, "\(words(heard.segments))")
        #expect(count >= times / 2 || !heard.summary.warnings.isEmpty, "\(words(heard.segments))")
        let again = try hear((0..<times).flatMap { _ in country + gap }, by: fixture.engine(threads: 2))
        #expect(again.segments == heard.segments)
    }

    /// Past the voice detection, straight into the decoder.
    @Test(arguments: Noise.allCases)
    func noiseIsNoWords(_ noise: Noise) throws {
        let decoder = try WhisperDecoder(
            model: WhisperModel(path: fixture.root + "/models/ggml-base-q8_0.bin"))
        let samples = noise.samples(seconds: 20)
        let span = VoiceSpan(speech: 0..<samples.count, audio: 0..<samples.count)
        let window = SpeechWindow(pieces: [SpeechPiece(span: span, samples: samples)])
        let result = try #require(
            try decoder.decode(window, language: "en", threads: 1, signals: WhisperSharedState()))
        let believed = SpeechText.texts(of: result.believable.map(\.text)).filter { !$0.isEmpty }
        #expect(believed == [])
        #expect(result.setAside == samples.count)
    }

    enum Noise: CaseIterable {
        case white, tone, ringing, music, applause, hum

        func samples(seconds: Int) -> [Float] {
            var state: UInt64 = 7
            func random() -> Float {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(state >> 40) / Float(1 << 23) - 1
            }
            func sine(_ hertz: Float, _ at: Int) -> Float { sin(2 * .pi * hertz * Float(at) / 16_000) }
            let count = seconds * 16_000
            switch self {
            case .white: return (0..<count).map { _ in 0.3 * random() }
            case .tone: return (0..<count).map { 0.3 * sine(440, $0) }
            case .ringing: return (0..<count).map { $0 / 16_000 % 5 == 0 ? 0.3 * sine(425, $0) : 0 }
            case .music:
                let notes: [Float] = [262, 330, 392, 523, 440, 349, 294, 392]
                return (0..<count).map { at in
                    let note = notes[at / 8000 % 8]
                    let decay = 1 - Float(at % 8000) / 8000
                    return 0.2 * decay
                        * (sine(note, at) + 0.5 * sine(2 * note, at) + 0.3 * sine(3 * note, at))
                }
            case .applause:
                var samples = [Float](repeating: 0, count: count)
                for _ in 0..<50 * seconds {
                    let start = Int((random() + 1) / 2 * Float(count - 700))
                    for at in 0..<600 { samples[start + at] += 0.2 * random() * (1 - Float(at) / 600) }
                }
                return samples
            case .hum: return (0..<count).map { 0.2 * (sine(50, $0) + sine(100, $0) + 0.5 * sine(150, $0)) }
            }
        }
    }

    /// Speech by espeak-ng, in the quality of a telephone.
    static func spoken(_ words: String) throws -> [Float] {
        let folder = try TemporaryFolder()
        let (wave, raw) = (folder.path + "/a.wav", folder.path + "/a.f32")
        try Tool.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", wave, words])
        try Tool.run([
            "ffmpeg", "-nostdin", "-v", "error", "-y", "-i", wave, "-af", "aresample=8000,aresample=16000",
            "-ac",
            "1", "-f", "f32le", raw,
        ])
        let bytes = try TemporaryFolder.contents(of: raw)
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
}
