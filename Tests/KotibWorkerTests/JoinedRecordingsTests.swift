import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// Several recordings in one file, one of which cannot be decoded or lies about its length.
@Suite struct JoinedRecordingsTests {
    private func wave(_ seconds: Double, _ options: [String] = []) throws -> [UInt8] {
        try Recording("wav", "wav", ["-bitexact"] + options).bytes(seconds: seconds)
    }

    /// Said to be G.726, for which libav has no tag in WAV (RFC 2361: 0x64).
    private func unknown(_ seconds: Double) throws -> [UInt8] {
        var bytes = try wave(seconds)
        bytes.setLittleEndian(0x1_0064, at: 20)  // With one channel behind it.
        return bytes
    }

    @Test func oneThatCannotBeDecodedIsToldAndTheNextIsHeard() throws {
        let bytes = try wave(5) + unknown(2) + wave(1)
        let facts = try inspect(bytes, "wav")
        #expect(facts.duration == 6 && facts.sampleRate == 16_000)
        #expect(
            facts.warnings == [
                RecordingWarning(.longerThanPromised, seconds: 1), RecordingWarning(.recordingLeftOut),
            ])
        let samples = try decode(bytes, "wav")
        #expect(samples.count == 96_000)
        #expect(samples[80_000...].elementsEqual(samples[..<16_000]))
    }

    @Test func theFirstMayBeTheOne() throws {
        let bytes = try unknown(2) + wave(5)
        let facts = try inspect(bytes, "wav")
        #expect(facts.duration == 5 && facts.codec == "pcm_s16le" && facts.isPatched)
        #expect(facts.warnings == [RecordingWarning(.recordingLeftOut)])
        #expect(try decode(bytes, "wav").count == 80_000)
        #expect(try refusal(unknown(2) + unknown(1), "wav") == refusal(unknown(2), "wav"))
    }

    /// Its facts are the first's, and each has its own rate.
    @Test func eachHasItsOwnRate() throws {
        let (slow, fast) = (
            try Recording("flac", "flac", rate: 8_000).bytes(seconds: 3),
            try Recording("flac", "flac", channels: 2, rate: 48_000).bytes(seconds: 2)
        )
        let facts = try inspect(slow + fast, "flac")
        #expect(facts.duration == 5 && facts.sampleRate == 8_000 && facts.channels == 1)
        let wave = try Recording("wav", "wav", ["-bitexact"]).bytes(seconds: 2)
        var other = wave
        other.setLittleEndian(8_000, at: 24)
        #expect(try inspect(wave + wave, "wav").sound != inspect(wave + other, "wav").sound)
    }

    /// The first is proof of itself alone.
    @Test func oneWhosePacketsAreRubbishIsNotCounted() throws {
        let good = try Recording("m4a, index first", "m4a", ["-movflags", "+faststart"]).bytes(seconds: 5)
        var bad = good
        let mdat = try #require(
            bad.indices.dropLast(4).first { bad[$0..<$0 + 4].elementsEqual("mdat".utf8) })
        for index in mdat + 4..<bad.count { bad[index] = 0xff }
        let bytes = good + bad + good
        let facts = try inspect(bytes, "m4a")
        #expect(abs(facts.duration - 10) < 0.2)
        #expect(facts.warnings.map(\.code) == [.longerThanPromised, .recordingLeftOut])
        #expect(abs(try decode(bytes, "m4a").count - 160_000) < 4_000)
    }

    @Test func moreThanAreLookedForIsTold() throws {
        let short = Array(try wave(1)[..<44]) + [1, 0, 2, 0]
        var one = short
        one.setLittleEndian(4, at: 40)
        one.setLittleEndian(40, at: 4)
        let few = try wave(1) + Array(repeating: one, count: RecordingPart.most - 1).flatMap { $0 }
        #expect(try inspect(few, "wav").warnings.map(\.code) == [.longerThanPromised])
        #expect(
            try inspect(few + one, "wav").warnings.map(\.code) == [.longerThanPromised, .recordingLeftOut])
    }

    /// `fact` counts the samples of what is no PCM (RFC 2361), and nobody checks it.
    @Test func aFalsePromiseOfLengthTakesNothingFromTheNext() throws {
        var first = try wave(5, ["-c:a", "adpcm_ima_wav"])
        let fact = try #require(
            first.indices.dropLast(4).first { first[$0..<$0 + 4].elementsEqual("fact".utf8) })
        first.setLittleEndian(0x7fff_ffff, at: fact + 8)
        let bytes = try first + wave(2)
        let length = try inspect(bytes, "wav", longest: 60).duration
        // The last block, of up to 0.13 s, is filled up.
        #expect(abs(length - 7) < 0.15)
        #expect(abs(Double(try decode(bytes, "wav", longest: 60).count) / 16_000 - length) < 0.1)
    }

    @Test(arguments: [[], ["-c:a", "adpcm_ms"]]) func whatIsReadOtherwiseIsPatched(_ options: [String]) throws
    {
        let plain = try wave(2, options)
        #expect(try !inspect(plain, "wav").isPatched)
        #expect(try encode(plain, encodeRequest("wav")).summary?.isPlain == true)
        // ID3v2 before the file.
        let tag = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 20] + [UInt8](repeating: 0, count: 20)
        #expect(try inspect(tag + plain, "wav").isPatched)
        #expect(try encode(tag + plain, encodeRequest("wav")).summary?.isPlain == false)
    }

    @Test func theOtherOrderOfBytesIsPatched() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/big.wav"
        try Tool.run(["sox", Samples.path("jfk.wav"), "-B", "-t", "wav", path])
        let bytes = try TemporaryFolder.contents(of: path)
        try #require(bytes.starts(with: "RIFX".utf8))
        let facts = try inspect(bytes, "wav")
        #expect(facts.isPatched && facts.warnings.isEmpty)
        #expect(try encode(bytes, encodeRequest("wav")).summary?.isPlain == false)
    }
}
