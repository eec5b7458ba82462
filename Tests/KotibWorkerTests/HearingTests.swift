import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The words of recordings with several channels or tracks, or of unusual level, by the real models.
@Suite(.serialized) struct HearingTests {
    private let fixture: WhisperFixture
    private let voices: Channels

    init() throws {
        fixture = try WhisperFixture()
        voices = try Channels()
    }

    private func transcribe(_ bytes: [UInt8]) throws -> (Listener, TranscriptionSummary) {
        let decoder = try FileDecoder(
            .holding(bytes), container: Container.wav.rawValue, longestDuration: 3600)
        let listener = Listener()
        let summary = try fixture.engine().transcribe(
            decoder, language: "en", expectedDuration: decoder.expectedDuration, observer: listener)
        return (listener, try #require(summary))
    }

    /// How many words of `spoken` are not heard, in their order; what others say between them is no error.
    private func missing(_ spoken: String, in listener: Listener) -> Int {
        func words(_ text: String) -> [String] {
            text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
        }
        let (heard, spoken) = (words(listener.text), words(spoken))
        var row = Array(repeating: 0, count: heard.count + 1)
        for word in spoken {
            var diagonal = 0
            for (column, other) in heard.enumerated() {
                let longest = max(row[column + 1], row[column], word == other ? diagonal + 1 : 0)
                (diagonal, row[column + 1]) = (row[column + 1], longest)
            }
        }
        return spoken.count - row[heard.count]
    }

    @Test func bothPartiesOfACallAreHeardInOrderOfTime() throws {
        let cities = Array(voices.cities.prefix(voices.jfk.count))
        let (listener, summary) = try transcribe(Channels.wav([voices.jfk, cities]))
        #expect(missing(WhisperFixture.jfk, in: listener) <= 2, "\(listener.text)")
        let other = "It was the best of times, it was the worst of times, it was the age of wisdom"
        #expect(missing(other, in: listener) <= 2, "\(listener.text)")
        #expect(listener.segments.map(\.start) == listener.segments.map(\.start).sorted())
        #expect(summary.duration == 11 && summary.speech <= 11)
        #expect(listener.fractions == listener.fractions.sorted() && listener.fractions.last == 1)
    }

    /// Windows of several signals come back in any order; words are given on in that of time.
    @Test func longTalksOfTwoAreInOrderOfTime() throws {
        let pause = [Float](repeating: 0, count: voices.jfk.count)
        let first = voices.jfk + pause + voices.jfk + pause
        let second = pause + voices.beckett + voices.cities
        let (listener, _) = try transcribe(Channels.wav([first, second]))
        #expect(listener.segments.map(\.start) == listener.segments.map(\.start).sorted())
        #expect(missing(WhisperFixture.jfk, in: listener) <= 2, "\(listener.text)")
        #expect(missing(WhisperFixture.twoCities, in: listener) <= 8, "\(listener.text)")
    }

    /// One detector hears all by turns; each is judged as by one of its own.
    @Test func signalsDoNotChangeEachOthersSpeech() throws {
        let detector = try VoiceDetector(model: fixture.vadModel)
        func pieces(_ source: SampleArray) throws -> [[VoiceSpan]] {
            var reader = SpeechReader(source: source, detector: detector, lanes: 1)
            var spans: [[VoiceSpan]] = reader.signals.map { _ in [] }
            while !reader.isAtEnd {
                for window in try reader.advance() { spans[window.signal] += window.pieces.map(\.span) }
            }
            return spans
        }
        let (one, other) = (Array(voices.cities.prefix(voices.nagg.count)), voices.nagg)
        let together = try pieces(SampleArray(one, other))
        let alone = try [pieces(SampleArray(one))[0], pieces(SampleArray(other))[0]]
        for (shared, own) in zip(together, alone) {
            let (shared, own) = (Set(shared.flatMap(\.speech)), Set(own.flatMap(\.speech)))
            #expect(shared.symmetricDifference(own).count * 50 < own.count)
        }
    }

    @Test func theSameWordsDoNotComeTwice() throws {
        let louder = voices.jfk.map { $0 * 1.4 }
        let echo = Channels.room(voices.jfk, distance: 1_600, seed: 5).map { $0 * 0.1 }
        let hiss = Channels.noise(voices.jfk.count, rms: 0.0005)
        for channels in [[louder, voices.jfk], [voices.jfk, Channels.sum(echo, hiss)]] {
            let (listener, _) = try transcribe(Channels.wav(channels))
            #expect(
                WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.1, "\(listener.text)")
        }
    }

    @Test(arguments: [0.006, 30_000] as [Float]) func theLevelDoesNotMatter(_ gain: Float) throws {
        let (listener, _) = try transcribe(Channels.wav([voices.jfk.map { $0 * gain }]))
        #expect(WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.1, "\(listener.text)")
    }

    @Test func aFarVoiceAfterANearOneIsHeard() throws {
        let far = voices.cities.prefix(192_000).map { $0 * 0.004 }
        let (listener, _) = try transcribe(
            Channels.wav([voices.jfk + Channels.silence(4) + far + Channels.silence(1)]))
        #expect(missing(WhisperFixture.jfk, in: listener) <= 2, "\(listener.text)")
        #expect(missing("the best of times, it was the worst of times, it was the age", in: listener) <= 2)
    }

    /// Ten kinds, quiet enough to be lifted where anything varies in them.
    @Test func quietNoiseHasNoWords() throws {
        let count = 240_000
        let white = Channels.noise(count, rms: 1)
        var brown = white
        for index in 1..<count { brown[index] = brown[index - 1] * 0.98 + white[index] * 0.1 }
        let slow = Channels.tone(count, hertz: 0.3, amplitude: 1)
        var kinds = [white, brown, Channels.tone(count, hertz: 50, amplitude: 1)]
        // Wind, surf, a fan that turns, rain in gusts.
        kinds.append(zip(brown, slow).map { $0 * (1.1 + $1) })
        kinds.append(zip(white, slow).map { $0 * max(0, $1) * max(0, $1) })
        kinds.append(zip(white, Channels.tone(count, hertz: 7, amplitude: 1)).map { $0 * (1 + $1) })
        kinds.append(zip(white, Channels.noise(count, rms: 1, seed: 3)).map { $1 > 1.7 ? $0 : 0 })
        // Keys, a clock, music, a telephone that rings.
        kinds.append(white.enumerated().map { $0.offset % 5_600 < 300 ? $0.element : $0.element * 0.01 })
        kinds.append(white.enumerated().map { $0.offset % 16_000 < 60 ? $0.element : 0 })
        kinds.append(
            Channels.tone(count, hertz: 440, amplitude: 1).enumerated().map {
                $0.offset / 16_000 % 5 == 0 ? $0.element : white[$0.offset] * 0.003
            })
        for (number, kind) in kinds.enumerated() {
            for rms in [0.003, 0.0005] as [Float] {
                let (listener, summary) = try transcribe(Channels.wav([kind.map { $0 * rms }]))
                #expect(listener.text.isEmpty, "\(number) at \(rms): \(listener.text), \(summary.speech) s")
            }
        }
    }
}
