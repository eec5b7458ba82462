import Testing

@testable import KotibWorker

/// Sound that the voice detection put aside beside what it heard.
@Suite struct FaintSpeechTests {
    /// Read to the end.
    private func reader(_ signals: [Float]...) throws -> SpeechReader {
        let detector = try VoiceDetector(model: WhisperFixture().vadModel)
        let source = signals.count == 1 ? SampleArray(signals[0]) : SampleArray(signals[0], signals[1])
        var reader = SpeechReader(source: source, detector: detector, lanes: 1)
        while !reader.isAtEnd { _ = try reader.advance() }
        return reader
    }

    /// Somebody at the other end of a hall: 3 s of reverberation, and noise.
    private func far() throws -> [Float] {
        let bytes = try Tool.ffmpeg(
            [
                "-i", Samples.path("two_cities.wav"), "-f", "lavfi", "-i",
                "anoisesrc=d=3.5:c=white:seed=1:r=16000:a=1,volume='exp(-2.3*t)':eval=frame", "-f", "lavfi",
                "-i", "anoisesrc=d=44:c=pink:seed=2:r=16000:a=1", "-filter_complex",
                "[0]aresample=16000[s];[s][1]afir=gtype=none:irgain=0.02[v];"
                    + "[v][2]amix=weights=1 0.04:normalize=0",
                "-ac", "1", "-ar", "16000",
            ], fileExtension: "wav")
        return try decode(bytes, "wav")
    }

    @Test func aFarVoiceBesideANearOneIsFound() throws {
        let (near, far) = (Array(try WhisperFixture().speech("jfk").prefix(80_000)), try far())
        #expect(try reader(near.map { $0 / 2 } + far).faint > 24 * 16_000)
        // A loud voice makes the detector deaf for a while.
        #expect(try reader(near + far).faint > 4 * 16_000)
    }

    @Test func aFarVoiceOnAnotherChannelIsFound() throws {
        let far = try far()
        let near = try WhisperFixture().speech("two_cities").prefix(far.count)
        let reader = try reader(near + Channels.silence(Double(far.count - near.count) / 16_000), far)
        #expect(reader.faint > 4 * 16_000)
    }

    @Test func whatIsNoVoiceIsNotTakenForOne() throws {
        let voices = try Channels()
        let pause = Channels.silence(30)
        let talk = voices.jfk + pause + voices.beckett + pause
        let count = talk.count
        let busy = Channels.tone(count, hertz: 425, amplitude: 0.1).enumerated().map {
            $0 % 11_200 < 5_600 ? $1 : 0
        }
        let sounds = [
            Channels.noise(count, rms: 0.003), Channels.noise(count, rms: 0.01), busy,
            Channels.music(count, seed: 1), Channels.music(count, seed: 2).map { $0 * 0.3 },
        ]
        for (number, sound) in sounds.enumerated() {
            #expect(try reader(Channels.sum(talk, sound)).faint == 0, "\(number)")
            #expect(try reader(voices.jfk + sound).faint == 0, "\(number) alone")
            #expect(try reader(talk, sound).faint == 0, "\(number) on another channel")
        }
    }

    @Test func clearSpeechIsNotDoubted() throws {
        let fixture = try WhisperFixture()
        for name in ["jfk", "two_cities", "beckett", "endgame_nagg_nell"] {
            #expect(try reader(fixture.speech(name)).faint == 0, "\(name)")
        }
    }
}
