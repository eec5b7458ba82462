import KotibModel
import Testing

@testable import KotibWorker

/// The kind of a file is recognized by its bytes.
@Suite struct RecognitionTests {
    /// Every pair of a format and the extension of another.
    @Test(arguments: Recording.plain + Recording.phone)
    func theEndingIsAHint(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 1)
        let facts = try inspect(bytes, recording.fileExtension)
        for ending in AudioFileExtension.allCases.map(\.rawValue) {
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

    /// A size of -1: who wrote it did not know.
    @Test func aCoreAudioFileOfUnknownSizeIsTakenToItsEnd() throws {
        let bytes = try Recording("caf", "caf", ["-c:a", "pcm_s16le"]).bytes()
        let field = try #require(bytes.firstRange(of: Array("data".utf8))?.upperBound)
        let open = bytes[..<field] + [UInt8](repeating: 0xff, count: 8) + bytes[(field + 8)...]
        #expect(try refusal(Array(bytes.dropLast(1001)), "caf") == .incomplete)
        for content in [Array(open), Array(open.dropLast(1001))] {
            let facts = try inspect(content, "caf")
            #expect(abs(facts.duration - 5) < 0.05 && facts.warnings.isEmpty)
        }
        #expect(try decode(Array(open), "caf") == decode(bytes, "caf"))
    }

    @Test func aCodingThatIsNotReadIsNoDamage() throws {
        let bytes = try Tool.ffmpeg(
            ["-i", Samples.path("jfk.wav"), "-ar", "8000", "-c:a", "g726", "-b:a", "32k"],
            fileExtension: "wav")
        #expect(try refusal(bytes, "wav") == .unsupportedCodec(codec: "adpcm_g726"))
    }

    @Test(arguments: [
        ("aiff", "audio/x-aiff"), ("au", "audio/basic"), ("avi", "video/x-msvideo"), ("w64", "audio/x-w64"),
        ("wv", "audio/x-wavpack"), ("tta", "audio/x-tta"), ("ts", "video/mp2t"), ("mpg", "video/mpeg"),
    ])
    func soundOfAnotherKindIsNamed(_ ending: String, _ type: String) throws {
        let bytes = try Tool.ffmpeg(["-t", "2", "-i", Samples.path("jfk.wav")], fileExtension: ending)
        for name in ["wav", "mp3", "m4a"] {
            for content in [bytes, Self.tag + bytes] {
                guard case .wrongKind(let found)? = try refusal(content, name) else {
                    Issue.record("\(ending) as \(name)")
                    continue
                }
                #expect(found.lowercased() == type)
            }
        }
    }

    @Test func noiseIsOfNoKind() throws {
        for seed in 0..<300 {
            let noise = SeededGenerator.bytes(70_000, seed: UInt64(seed))
            #expect(try UnsupportedKind.mediaType(of: FileSource(.holding(noise))) == nil)
        }
    }

    private static let tag: [UInt8] = {
        let title: [UInt8] = Array("TIT2".utf8) + [0, 0, 0, 6, 0, 0, 0] + Array("Title".utf8)
        return Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, UInt8(title.count)] + title
    }()

    @Test(arguments: Recording.plain + Recording.phone)
    func aTagBeforeAnyKindIsPassedOver(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 2)
        let (plain, facts) = (
            try inspect(bytes, recording.fileExtension),
            try inspect(Self.tag + bytes, recording.fileExtension)
        )
        #expect(facts.container == plain.container && facts.codec == plain.codec)
        #expect(facts.duration == plain.duration && facts.warnings == plain.warnings)
        #expect(facts.sound == plain.sound)
        #expect(
            try decode(Self.tag + bytes, recording.fileExtension) == decode(bytes, recording.fileExtension))
    }

    @Test func aWaveBehindATagKeepsItsPromises() throws {
        let plain = try Recording("wav", "wav", ["-bitexact"]).bytes()
        for bytes in [plain, bigEndian(plain)] {
            #expect(try refusal(Self.tag + bytes.dropLast(500), "wav") == .incomplete)
            #expect(try decode(Self.tag + bytes, "wav") == decode(plain, "wav"))
        }
        let joined = try inspect(Self.tag + plain + plain, "wav")
        #expect(joined.duration == 10 && joined.warnings.map(\.code) == [.longerThanPromised])
        var stale = plain
        stale.replaceSubrange(40..<44, with: [0, 0xfa, 0, 0])
        #expect(try inspect(Self.tag + stale, "wav").warnings.map(\.code) == [.longerThanPromised])
        #expect(try decode(Self.tag + stale, "wav") == decode(plain, "wav"))
    }
}
