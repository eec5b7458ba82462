import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The channels and tracks that are chosen to be transcribed.
@Suite struct DownmixPlanTests {
    private let voices: Channels

    init() throws {
        voices = try Channels()
    }

    /// The channels that each signal is made of.
    private func heard(_ channels: [[Float]]) throws -> [Set<Int>] {
        try Channels.decoder(Channels.wav(channels)).plan.signals.map { Set($0.weights.keys) }
    }

    private func quiet(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

    @Test func oneChannelIsNotLookedAt() throws {
        #expect(try heard([voices.jfk]) == [[0]])
    }

    @Test func theSameOnBothIsHeardOnceAndUnchanged() throws {
        let decoder = try Channels.decoder(Channels.wav([voices.jfk, voices.jfk]))
        #expect(decoder.plan.signals.map(\.weights) == [[0: 0.5, 1: 0.5]])
        #expect(
            try decode(Channels.wav([voices.jfk, voices.jfk]), "wav")
                == decode(Channels.wav([voices.jfk]), "wav"))
    }

    @Test func oppositePolarityIsTurned() throws {
        let weights = try Channels.decoder(Channels.wav([voices.jfk, voices.jfk.map { -$0 }])).plan.signals
            .map(
                \.weights)
        #expect(weights == [[0: 0.5, 1: -0.5]])
    }

    /// Louder than the voice, and with the same polarity on both: the sum would be nothing but hum.
    @Test func humDoesNotDecideOnThePolarity() throws {
        let hum = Channels.tone(voices.jfk.count, hertz: 50, amplitude: 0.3)
        let channels = [Channels.sum(hum, voices.jfk), Channels.sum(hum, voices.jfk, times: -1)]
        #expect(
            try Channels.decoder(Channels.wav(channels)).plan.signals.map(\.weights) == [[0: 0.5, 1: -0.5]])
    }

    /// libswresample mixes what it takes for a subwoofer with weight 0, and knows no layout of 10 channels or
    /// 70.
    @Test(arguments: [(3, 2), (4, 3), (6, 3), (8, 3), (10, 0), (10, 9), (70, 40)])
    func theOneThatHasSoundIsHeard(count: Int, voice: Int) throws {
        let short = Array(voices.jfk.prefix(48_000))
        let channels = (0..<count).map { $0 == voice ? short : quiet(short.count) }
        #expect(try Channels.decoder(Channels.wav(channels)).signalCount == 1)
        #expect(try decode(Channels.wav(channels), "wav") == decode(Channels.wav([short]), "wav"))
    }

    @Test func twoVoicesAtOnceAreHeardEach() throws {
        let cities = Array(voices.cities.prefix(voices.jfk.count))
        #expect(try heard([voices.jfk, cities]) == [[0], [1]])
    }

    @Test func threeVoicesAreHeardEach() throws {
        let count = voices.jfk.count
        let channels = [voices.jfk, Array(voices.cities.prefix(count)), Array(voices.nagg.prefix(count))]
        #expect(Set(try heard(channels)) == [[0], [1], [2]])
    }

    @Test func noiseAndHumBesideAVoiceAreLeftOut() throws {
        let count = voices.jfk.count
        #expect(try heard([voices.jfk, Channels.noise(count, rms: 0.2)]) == [[0]])
        #expect(try heard([Channels.tone(count, hertz: 100, amplitude: 0.7), voices.jfk]) == [[1]])
    }

    @Test func theClearerOfTwoIsHeard() throws {
        let noisy = Channels.sum(voices.jfk, Channels.noise(voices.jfk.count, rms: 0.05))
        #expect(try heard([voices.jfk, noisy]) == [[0]])
    }

    @Test func lateSpeakerIsTranscribed() throws {
        let pause = quiet(voices.jfk.count)
        #expect(Set(try heard([voices.jfk + pause, pause + voices.nagg])) == [[0], [1]])
    }

    @Test func oneRoomIsHeardOnce() throws {
        // One speaker nearer to the left microphone, one to the right, by turns.
        let pause = quiet(voices.beckett.count)
        let first = voices.jfk + pause
        let second = quiet(voices.jfk.count) + voices.beckett
        let left = Channels.sum(
            Channels.room(first, distance: 10, seed: 1), Channels.room(second, distance: 30, seed: 2),
            times: 0.5)
        let right = Channels.sum(
            Channels.room(second, distance: 12, seed: 4), Channels.room(first, distance: 40, seed: 3),
            times: 0.5)
        #expect(try heard([left, right]) == [[0, 1]])
    }

    @Test func aVoiceInTheMiddleOfMusicIsHeardOnce() throws {
        let channels = [1, 2].map {
            Channels.sum(voices.jfk, Channels.music(voices.jfk.count, seed: $0), times: 0.5)
        }
        #expect(try heard(channels) == [[0, 1]])
    }

    /// 20 dB below, and half a second in which both speak: the other's words are silent where only they leak.
    @Test func crosstalkIsMuted() throws {
        let pause = quiet(96_000)
        let first = Array(voices.jfk.prefix(96_000)) + pause + Array(voices.jfk.suffix(80_000))
        let second = pause + Array(voices.nagg.prefix(176_000))
        let hiss = Channels.noise(first.count, rms: 0.0003)
        let channels = [
            Channels.sum(Channels.sum(first, second, times: 0.1), hiss),
            Channels.sum(Channels.sum(second, first, times: 0.1), hiss),
        ]
        let decoder = try Channels.decoder(Channels.wav(channels))
        try #require(decoder.signalCount == 2)
        let order = decoder.plan.signals.firstIndex { $0.weights[0] == 1 } ?? 0
        let samples = try Channels.all(decoder)
        func power(_ signal: Int, _ seconds: Range<Int>) -> Float {
            let part = samples[signal][seconds.lowerBound * 16_000..<seconds.upperBound * 16_000]
            return part.reduce(0) { $0 + $1 * $1 } / Float(part.count)
        }
        // A speaks until 6 s, B from 6 s on, both from 12 s on.
        #expect(power(order, 7..<11) < power(1 - order, 7..<11) / 2_000)
        #expect(power(1 - order, 1..<5) < power(order, 1..<5) / 2_000)
        #expect(power(order, 13..<16) > 0.001 && power(1 - order, 13..<16) > 0.001)
    }

    /// The energy of `voice` in `signal`, as a share of the energy of `signal`.
    private func share(of voice: [Float], in signal: [Float]) -> Float {
        func product(_ one: [Float], _ other: [Float]) -> Float {
            zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let common = product(voice, signal)
        return common * common / (product(voice, voice) * product(signal, signal))
    }

    /// The left channel leaks into the right one, or the reverse, at -10, -12, -20 and -30 dB, with either
    /// polarity.
    @Test(
        arguments: [
            (0.32, 0.32), (0.25, 0.25), (0.1, 0.1), (0.03, 0.03), (0.25, 0), (0, 0.18), (-0.25, -0.25),
        ]
            as [(Float, Float)])
    func twoVoicesAtOnceAreFreedFromWhatLeaks(right: Float, left: Float) throws {
        let (one, other) = (voices.jfk, Array(voices.cities.prefix(voices.jfk.count)))
        let decoder = try Channels.decoder(
            Channels.wav([
                Channels.sum(one, other, times: left), Channels.sum(other, one, times: right),
            ]))
        try #require(decoder.signalCount == 2)
        let samples = try Channels.all(decoder)
        for (voice, foreign) in [(one, other), (other, one)] {
            let own = try #require(samples.first { share(of: voice, in: $0) > 0.5 })
            #expect(share(of: voice, in: own) > 0.98)
            // A rest that is 20 dB below the other channel's hiss and hum may remain.
            #expect(share(of: foreign, in: own) < 0.01)
        }
    }

    /// As it comes back from the far leg of a call: so many seconds later, so much quieter, amid hiss.
    private func call(_ voice: [Float], delay: Double, gain: Float) -> [[Float]] {
        let echo = Channels.silence(delay) + voice.map { $0 * gain }
        let near = Channels.sum(Channels.noise(echo.count, rms: 0.0002), voice)
        return [near, Channels.sum(Channels.noise(echo.count, rms: 0.0004, seed: 9), echo)]
    }

    private func power(_ samples: [Float]) -> Float {
        samples.reduce(0) { $0 + $1 * $1 } / Float(max(1, samples.count))
    }

    @Test(arguments: [(0.35, 1), (0.5, 0.5), (0.8, 0.1), (1.0, 0.5)] as [(Double, Float)])
    func whatComesBackLateIsSilent(_ delay: Double, _ gain: Float) throws {
        for (voice, isTurned) in [(voices.jfk, false), (voices.beckett, true)] {
            let channels = call(voice, delay: delay, gain: gain)
            let samples = try Channels.all(
                Channels.decoder(Channels.wav(isTurned ? channels.reversed() : channels)))
            let powers = samples.map(power).sorted(by: >)
            #expect(powers.count == 1 || powers[1] < powers[0] / 1_000, "\(powers)")
            #expect(powers[0] > 0.001)
        }
    }

    /// Both parties speak, each comes back in the other's channel, and none of their own words is lost.
    @Test(arguments: [0.5, 0.05] as [Float]) func onlyWhatComesBackIsSilent(_ gain: Float) throws {
        let pause = quiet(voices.jfk.count)
        let one = voices.jfk + pause + voices.beckett + pause
        let answer = Channels.silence(1) + voices.nagg.prefix(pause.count - 32_000) + Channels.silence(1)
        let other = pause + answer + quiet(voices.beckett.count + pause.count)
        let late = Channels.silence(0.7)
        let channels = [
            Channels.sum(one, late + other, times: gain), Channels.sum(other, late + one, times: gain),
        ]
        let decoder = try Channels.decoder(Channels.wav(channels))
        try #require(decoder.signalCount == 2)
        let samples = try Channels.all(decoder)
        for (voice, foreign) in [(one, late + other), (other, late + one)] {
            let own = try #require(samples.max { share(of: voice, in: $0) < share(of: voice, in: $1) })
            #expect(share(of: voice, in: own) > 0.9)
            #expect(share(of: Array(foreign.prefix(own.count)), in: own) < 0.005)
        }
    }

    /// The same word of each party in turn, at other times or always as long after the other's.
    @Test func whoSaysTheSameWordIsHeard() throws {
        let yes = Array(voices.jfk[96_000..<104_000])
        let (fixed, other) = ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.6, 1.2, 0.4, 0.9, 1.3, 0.7])
        for gaps in [fixed, other, [0.7]] {
            var (one, two): ([Float], [Float]) = ([], [])
            for gap in gaps {
                let rest = Channels.silence(1.5)
                one += yes + Channels.silence(gap) + rest
                two += Channels.silence(gap) + yes + rest
            }
            let samples = try Channels.all(Channels.decoder(Channels.wav([one, two])))
            #expect(samples.count == 2)
            for (voice, index) in [(one, 0), (two, 1)] {
                #expect(abs(power(samples[index]) / power(voice) - 1) < 0.3 || samples.count == 1, "\(gaps)")
            }
        }
    }

    @Test func humOnBothIsNoLeak() throws {
        let (one, other) = (voices.jfk, Array(voices.cities.prefix(voices.jfk.count)))
        let hum = Channels.tone(one.count, hertz: 100, amplitude: 0.2)
        let weights = try Channels.decoder(
            Channels.wav([Channels.sum(one, hum), Channels.sum(other, hum, times: 0.25)])
        ).plan.signals.map(\.weights)
        #expect(Set(weights) == [[0: 1], [1: 1]])
    }

    /// A cable that was changed, or two recordings joined: neither sum nor difference says all.
    @Test(arguments: [0.2, 0.5, 0.8]) func changingPolaritySelectsOneChannel(_ part: Double) throws {
        let place = Int(Double(voices.jfk.count) * part)
        let turned = voices.jfk.prefix(place) + voices.jfk.dropFirst(place).map { -$0 }
        #expect(
            try Channels.decoder(Channels.wav([voices.jfk, Array(turned)])).plan.signals.map(\.weights) == [
                [0: 1]
            ])
    }

    /// Recordings of call centres often begin with an announcement on both channels; then each party has its
    /// own.
    @Test func anAnnouncementOnBothIsHeardOnce() throws {
        let cities = Array(voices.cities.prefix(voices.jfk.count))
        let gap = quiet(16_000)
        let decoder = try Channels.decoder(
            Channels.wav([voices.beckett + gap + voices.jfk, voices.beckett + gap + cities]))
        try #require(decoder.signalCount == 2)
        let samples = try Channels.all(decoder)
        let announcement = 16_000..<voices.beckett.count - 16_000
        let silent = samples.filter { signal in signal[announcement].allSatisfy { $0 == 0 } }
        #expect(silent.count == 1)
        #expect(samples.allSatisfy { $0.suffix(160_000).contains { abs($0) > 0.1 } })
    }

    @Test func nothingButSilenceIsOneSilentSignal() throws {
        #expect(try heard([quiet(16_000), quiet(16_000)]) == [[0]])
    }
}
