import Testing

@testable import KotibWorker

@Suite struct GainControlTests {
    private let voices: Channels

    init() throws {
        voices = try Channels()
    }

    private func controlled(_ samples: [Float], portion: Int = 16_000) -> [Float] {
        var control = GainControl()
        var given: [Float] = []
        for start in stride(from: 0, to: samples.count, by: portion) {
            control.add(Array(samples[start..<min(start + portion, samples.count)]))
            given += control.removeFirst(control.ready)
        }
        control.finish()
        return given + control.removeFirst(control.ready)
    }

    private func rms(_ samples: some Collection<Float>) -> Float {
        (samples.reduce(0) { $0 + $1 * $1 } / Float(samples.count)).squareRoot()
    }

    private func speech(_ gain: Float) -> [Float] { voices.cities.prefix(480_000).map { $0 * gain } }

    @Test(arguments: [0.6, 1] as [Float]) func usualLevelIsUnchanged(_ gain: Float) {
        #expect(controlled(speech(gain)) == speech(gain).map { min(1, max(-1, $0)) })
    }

    @Test(arguments: [1_000, 16_000, 47_111, 1_000_000]) func portionsChangeNothing(_ portion: Int) {
        let samples = speech(0.01) + speech(1) + speech(100)
        #expect(controlled(samples, portion: portion) == controlled(samples))
    }

    @Test(arguments: [0.02, 0.006, 0.0006] as [Float]) func quietSoundIsAmplified(_ gain: Float) {
        let lifted = controlled(speech(gain))
        #expect((0.008...0.1).contains(rms(lifted)), "\(rms(lifted))")
        #expect(likeness(lifted, speech(1)) > 0.9)
    }

    @Test func aClickIsNoReasonToLeaveItQuiet() {
        var samples = speech(0.006)
        for place in [5_000, 200_000, 200_100] { samples[place] = 1 }
        let bang = 320_000..<323_000
        for index in bang { samples[index] = index.isMultiple(of: 2) ? 0.9 : -0.9 }
        let lifted = controlled(samples)
        for part in [16_000..<80_000, 200_200..<300_000, 340_000..<440_000] {
            #expect(rms(lifted[part]) > 0.008, "\(part)")
        }
        #expect(lifted.allSatisfy { (-1...1).contains($0) })
    }

    @Test(arguments: [[1, 0.006], [0.006, 1]] as [[Float]]) func eachHalfHasItsOwnGain(_ gains: [Float]) {
        let samples = speech(gains[0]) + speech(gains[1])
        let given = controlled(samples)
        let loud = gains[0] == 1 ? 0..<400_000 : 560_000..<960_000
        let quiet = gains[0] == 1 ? 560_000..<960_000 : 0..<400_000
        #expect(given[loud] == samples.map { min(1, max(-1, $0)) }[loud])
        #expect(rms(given[quiet]) > 0.008)
    }

    /// Half a second apart: the gain rises before the quiet voice begins, and the loud one stays unchanged.
    @Test(arguments: [0.06, 0.03, 0.01] as [Float]) func byTurnsEachHasItsOwnGain(_ gain: Float) {
        let (loud, pause) = (Array(voices.jfk), Channels.silence(0.5))
        let far = voices.beckett.map { $0 * gain }
        let start = loud.count + pause.count
        let given = controlled(loud + pause + far + pause + loud)
        let first = given[start..<start + 16_000]
        #expect(rms(first) > 0.01, "\(rms(first))")
        #expect(likeness(Array(given[start..<start + far.count]), voices.beckett) > 0.8)
        #expect(Array(given.suffix(loud.count - 8_192)) == Array(loud.suffix(loud.count - 8_192)))
    }

    @Test(arguments: [0.9, 0.3, -0.6] as [Float]) func aConstantIsTakenAway(_ offset: Float) {
        let given = controlled(speech(0.02).map { $0 + offset })
        #expect(likeness(given, speech(1)) > 0.9)
        #expect((0.008...0.1).contains(rms(given)), "\(rms(given))")
        let turned = controlled(
            speech(0.02).prefix(160_000).map { $0 + offset }
                + speech(0.02).prefix(160_000).map { $0 - offset })
        #expect(rms(turned.prefix(150_000)) < 0.1 && rms(turned.suffix(150_000)) < 0.1)
    }

    @Test(arguments: [2, 300, 32_768, 0x1p31] as [Float]) func soundAboveFullScaleIsAttenuated(_ gain: Float)
    {
        let lowered = controlled(speech(gain * 10))
        #expect(likeness(lowered, speech(1)) > 0.98)
        #expect((0.02...0.5).contains(rms(lowered)), "\(rms(lowered))")
        #expect(Double(lowered.count { abs($0) >= 1 }) < Double(lowered.count) / 1_000)
    }

    @Test func noiseAndHumStayQuiet() {
        for samples in [
            Channels.noise(320_000, rms: 0.001), Channels.tone(320_000, hertz: 50, amplitude: 0.002),
            WhisperFixture.silence(seconds: 20), speech(1).map { _ in 0.01 },
        ] {
            #expect(controlled(samples) == samples)
        }
    }

    @Test func shortQuietSoundIsAmplifiedToo() {
        let word = Array(voices.jfk[5_000..<12_000]).map { $0 * 0.006 }
        #expect(rms(controlled(word)) > 0.008)
        #expect(controlled([]).isEmpty)
        #expect(controlled([0.5]) == [0.5])
    }
}
