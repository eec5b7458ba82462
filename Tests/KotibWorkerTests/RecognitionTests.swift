import KotibModel
import Testing

@testable import KotibWorker

/// What a file is, is said by its bytes.
@Suite struct RecognitionTests {
    /// Every pair of a kind and an ending of another kind.
    @Test(arguments: Recording.plain + Recording.phone)
    func theEndingIsAHint(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 1)
        let facts = try inspect(bytes, recording.fileExtension)
        for ending in RecordingEnding.allCases.map(\.rawValue) {
            #expect(try inspect(bytes, ending) == facts, "\(recording.testDescription) as \(ending)")
        }
        let speech = try decode(bytes, recording.fileExtension)
        let container = try #require(Container(rawValue: facts.container))
        #expect(Container.extensions[recording.fileExtension] == container && speech.count > 14_000)
    }

    /// Bare frames, as recorders and streaming servers write them.
    private func frames() throws -> [UInt8] {
        try Recording("mp3", "mp3", ["-write_xing", "0", "-id3v2_version", "0"]).bytes()
    }

    private static let apeTag: [UInt8] = {
        let items = [UInt8](repeating: 0x41, count: 200_000)
        return Array("APETAGEX".utf8) + [0xd0, 7, 0, 0, 0x40, 0x0d, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0xa0]
            + [UInt8](repeating: 0, count: 8) + items
    }()

    @Test func rubbishBeforeTheFirstFrameIsPassedOver() throws {
        let frames = try frames()
        let expected = try decode(frames, "mp3").count
        let beginnings: [(String, [UInt8])] = [
            ("zeros", [UInt8](repeating: 0, count: 1_000)),
            ("many zeros", [UInt8](repeating: 0, count: 60_000)),
            ("rubbish", SeededGenerator.bytes(417, seed: 3)), ("APE tag", Self.apeTag),
            ("APE tag and zeros", Self.apeTag + [UInt8](repeating: 0, count: 500)),
        ]
        for (name, beginning) in beginnings {
            for ending in ["mp3", "wav"] {
                let facts = try inspect(beginning + frames, ending)
                #expect(facts.container == "mp3" && facts.mediaType == "audio/mpeg", "\(name)")
                #expect(abs(facts.duration - 5) < 0.15 && facts.warnings.isEmpty, "\(name)")
            }
            #expect(abs(try decode(beginning + frames, "mp3").count - expected) < 2_000, "\(name)")
        }
        let sound = try Recording("aac", "aac", ["-c:a", "aac"]).bytes()
        #expect(try inspect(SeededGenerator.bytes(417, seed: 4) + sound, "aac").container == "aac")
    }

    /// Frames that seem to be there decide nothing where libmagic is sure.
    @Test func aPictureOrATextBeforeTheFramesIsWhatItIs() throws {
        let frames = try frames()
        let picture = try Tool.ffmpeg(
            ["-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1"], fileExtension: "png")
        #expect(try refusal(picture + frames, "mp3") == .notAudio(found: "image/png"))
        let document = Array("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".utf8)
        #expect(try refusal(document + frames, "mp3") == .notAudio(found: "application/pdf"))
    }

    @Test func kinOfWaveAreTaken() throws {
        let plain = try Recording("wav", "wav", ["-bitexact"]).bytes()
        let expected = try decode(plain, "wav")
        var long = try Recording("wav", "wav", ["-bitexact", "-rf64", "always"]).bytes()
        long.replaceSubrange(..<4, with: Array("BW64".utf8))
        for bytes in [long, bigEndian(plain)] {
            let facts = try inspect(bytes, "wav")
            #expect(facts.duration == 5 && facts.mediaType == "audio/x-wav" && facts.warnings.isEmpty)
            #expect(try decode(bytes, "wav") == expected)
            #expect(try refusal(Array(bytes.dropLast(500)), "wav") == .incomplete)
        }
    }

    /// RIFX: the same with the other order of bytes.
    private func bigEndian(_ wave: [UInt8]) -> [UInt8] {
        var bytes = wave
        bytes.replaceSubrange(..<4, with: Array("RIFX".utf8))
        let fields = [(4, 4), (16, 4), (20, 2), (22, 2), (24, 4), (28, 4), (32, 2), (34, 2), (40, 4)]
        for (start, width) in fields { bytes[start..<start + width].reverse() }
        for sample in stride(from: 44, to: bytes.count, by: 2) { bytes.swapAt(sample, sample + 1) }
        return bytes
    }

    @Test func aCodingThatIsNotReadIsNoDamage() throws {
        let bytes = try Tool.ffmpeg(
            ["-i", Samples.path("jfk.wav"), "-ar", "8000", "-c:a", "g726", "-b:a", "32k"],
            fileExtension: "wav")
        #expect(try refusal(bytes, "wav") == .unsupportedCodec(codec: "adpcm_g726"))
    }

    @Test func soundOfAnotherKindIsNamed() throws {
        for (ending, type) in [("aiff", "audio/x-aiff"), ("au", "audio/basic"), ("avi", "video/x-msvideo")] {
            let bytes = try Tool.ffmpeg(["-t", "1", "-i", Samples.path("jfk.wav")], fileExtension: ending)
            #expect(try refusal(bytes, "wav") == .wrongKind(found: type))
        }
    }
}
