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

    /// The number of words of `spoken` that are missing, in their order; other speakers' words in between are
    /// no error.
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

    private static let best = "It was the best of times, it was the worst of times, it was the age of wisdom"

    @Test(arguments: [(0.25, 0.25), (0.1, 0.1), (0.25, 0)] as [(Float, Float)])
    func simultaneousVoicesWithCrosstalkAreTranscribed(right: Float, left: Float) throws {
        let cities = Array(voices.cities.prefix(voices.jfk.count))
        let (listener, _) = try transcribe(
            Channels.wav([
                Channels.sum(voices.jfk, cities, times: left), Channels.sum(cities, voices.jfk, times: right),
            ]))
        #expect(missing(WhisperFixture.jfk, in: listener) <= 2, "\(listener.text)")
        #expect(missing(Self.best, in: listener) <= 2, "\(listener.text)")
    }

    /// Two microphones in one room hear both voices: neither can be cancelled, but nothing may be lost.
    @Test(arguments: [0.04, 0.1] as [Float]) func simultaneousVoicesInOneRoomAreTranscribed(_ leak: Float)
        throws
    {
        let cities = Array(voices.cities.prefix(voices.jfk.count))
        let left = Channels.sum(
            voices.jfk, Channels.room(cities, distance: 320, seed: 3), times: leak)
        let right = Channels.sum(
            cities, Channels.room(voices.jfk, distance: 320, seed: 4), times: leak)
        let (listener, _) = try transcribe(Channels.wav([left, right]))
        #expect(missing(WhisperFixture.jfk, in: listener) <= 2, "\(listener.text)")
        #expect(missing(Self.best, in: listener) <= 2, "\(listener.text)")
    }

    @Test func aPolarityThatTurnsLosesNoWords() throws {
        let half = voices.jfk.count / 2
        let turned = voices.jfk.prefix(half) + voices.jfk.dropFirst(half).map { -$0 }
        let (listener, _) = try transcribe(Channels.wav([voices.jfk, Array(turned)]))
        #expect(WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.1, "\(listener.text)")
    }

    private static let fail = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."

    /// Half a second after a near voice ends, and before it continues.
    @Test(arguments: [0.06, 0.03, 0.01] as [Float]) func aFarVoiceIsHeardFromItsFirstWordOn(_ gain: Float)
        throws
    {
        let far = Channels.silence(0.5) + voices.beckett.map { $0 * gain } + Channels.silence(0.5)
        let (listener, _) = try transcribe(Channels.wav([voices.jfk + far + voices.jfk]))
        #expect(missing(Self.fail, in: listener) <= 2, "\(listener.text)")
        #expect(missing(WhisperFixture.jfk + WhisperFixture.jfk, in: listener) <= 4, "\(listener.text)")
    }

    @Test(arguments: [0.9, 0.6, -0.9] as [Float]) func aConstantDoesNotMatter(_ offset: Float) throws {
        let (listener, _) = try transcribe(Channels.wav([voices.jfk.map { $0 * 0.05 + offset }]))
        #expect(WhisperFixture.wordErrorRate(listener.text, WhisperFixture.jfk) <= 0.1, "\(listener.text)")
    }

    /// The last word of jfk.wav, and the last two of beckett.wav: the voice detection is not sure of either.
    @Test func aSingleWordIsHeardOrTold() throws {
        let country = Array(voices.jfk.suffix(12_000))
        for word in [
            country, Array(voices.beckett.dropFirst(144_000)), voices.beckett[116_800..<128_000] + [],
        ] {
            let silence = Channels.silence(15)
            let (listener, summary) = try transcribe(Channels.wav([silence + word + silence]))
            #expect(!listener.text.isEmpty || summary.warnings.count == 1)
        }
        var click = Channels.silence(20)
        for index in 160_000..<161_600 { click[index] = index.isMultiple(of: 2) ? 0.5 : -0.5 }
        let (listener, summary) = try transcribe(Channels.wav([click]))
        #expect(listener.text.isEmpty && summary.warnings.isEmpty)
    }

    @Test func theSameWordsDoNotComeTwice() throws {
        let louder = voices.jfk.map { $0 * 1.4 }
        let echo = Channels.room(voices.jfk, distance: 1_600, seed: 5).map { $0 * 0.1 }
        let hiss = Channels.noise(voices.jfk.count, rms: 0.0005)
        let late = Channels.silence(0.6) + voices.jfk.map { $0 * 0.5 }
        for channels in [[louder, voices.jfk], [voices.jfk, Channels.sum(echo, hiss)], [voices.jfk, late]] {
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
