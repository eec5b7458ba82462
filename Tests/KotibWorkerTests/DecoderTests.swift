import KotibModel
import KotibPOSIX
import Testing

@testable import KotibWorker

/// All samples of the signal of `bytes`, read `step` at a time.
func decode(
    _ bytes: [UInt8], _ fileExtension: String, longest: Double = 3600, step: Int = 4_000
) throws -> [Float] {
    let container = try #require(Container.extensions[fileExtension])
    let decoder = try FileDecoder(
        .holding(bytes), container: container.rawValue, longestDuration: longest)
    var samples: [Float] = []
    while true {
        let next = try decoder.read(step)
        #expect(next.count == 1 && next[0].count <= step)
        if next[0].isEmpty { return samples }
        samples += next[0]
    }
}

@Suite struct DecoderTests {
    @Test(arguments: Recording.plain + Recording.unusual + Recording.phone)
    func everyFormatGivesTheSameSound(_ recording: Recording) throws {
        let expected = try decode(Recording("wav", "wav").bytes(), "wav")
        let samples = try decode(recording.bytes(), recording.fileExtension)
        #expect(abs(samples.count - 80_000) < 2_400)
        #expect(likeness(expected, samples) > 0.8)
    }

    /// Phones send no sound where nobody speaks; what comes later is not to be early for that.
    @Test func framesOfSilenceKeepTheirTime() throws {
        let folder = try TemporaryFolder()
        let output = folder.path + "/gaps.amr"
        // At 12.2 kbit/s sox writes such gaps (RFC 4867, frame types 8 and 15).
        try Tool.run([
            "sox", "-R", try Samples.path("jfk.wav"), "-r", "8000", "-c", "1", "-C", "7", "-t", "amr-nb",
            output,
        ])
        let samples = try decode(TemporaryFolder.contents(of: output), "amr")
        #expect(abs(samples.count - 176_000) < 800)
    }

    @Test func samplesOfAWAVAreThoseOfTheFile() throws {
        let bytes = try Recording("wav", "wav", ["-bitexact"]).bytes(seconds: 1)
        let expected = stride(from: 44, to: bytes.count, by: 2).map { position in
            Float(Int16(truncatingIfNeeded: bytes.littleEndian(at: position, count: 2))) / 32_768
        }
        #expect(try decode(bytes, "wav", step: 1_000) == expected)
        #expect(try decode(bytes, "wav", step: 100_000) == expected)
    }

    @Test(arguments: Recording.plain + Recording.phoneKinds)
    func itEndsAtTheLongestDuration(_ recording: Recording) throws {
        #expect(try decode(recording.bytes(), recording.fileExtension, longest: 2).count == 32_000)
    }

    @Test(arguments: Recording.plain)
    func brokenFramesInTheMiddleAreLeftOut(_ recording: Recording) throws {
        var bytes = try recording.bytes()
        let middle = bytes.count / 2
        bytes.replaceSubrange(middle..<middle + 300, with: SeededGenerator.bytes(300, seed: 3))
        let samples = try decode(bytes, recording.fileExtension)
        #expect(samples.count > 64_000)
        #expect(samples.allSatisfy { (-1...1).contains($0) })
    }

    @Test(arguments: Recording.plain)
    func theExpectedDurationIsNearTheTruth(_ recording: Recording) throws {
        let container = try #require(Container.extensions[recording.fileExtension])
        let decoder = try FileDecoder(
            .holding(recording.bytes()), container: container.rawValue, longestDuration: 3600)
        #expect(abs(decoder.expectedDuration - 5) < 0.5)
    }

    @Test func undecodableFileIsDamaged() throws {
        var bytes = try Recording("flac", "flac").bytes()
        bytes.replaceSubrange(100..<bytes.count, with: SeededGenerator.bytes(bytes.count - 100, seed: 4))
        #expect(throws: Rejection.self) { try decode(bytes, "flac") }
    }

    @Test(arguments: ["hls", "concat", "lavfi", "image2", "sdp", "", "mp3,wav"])
    func onlyKnownContainersAreOpened(_ container: String) throws {
        let bytes = try Recording.plain[0].bytes(seconds: 1)
        #expect(throws: Rejection.self) {
            try FileDecoder(.holding(bytes), container: container, longestDuration: 60)
        }
    }

    @Test func nanBecomesSilence() throws {
        var bytes = try Recording("wav", "wav", ["-c:a", "pcm_f32le", "-bitexact"]).bytes(seconds: 1)
        let start = try #require(bytes.firstRange(of: Array("data".utf8))?.upperBound) + 4
        for (index, value) in [Float.nan, .infinity, -.infinity, 1e30, -1e30].enumerated() {
            let field = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            bytes.replaceSubrange(start + index * 4..<start + index * 4 + 4, with: field)
        }
        #expect(try decode(bytes, "wav").prefix(5) == [0, 0, 0, 1, -1])
    }
}
