import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// Inspects `bytes` as if they lay in a file of that ending.
func inspect(
    _ bytes: [UInt8], _ fileExtension: String, longest: Double = 3600, takesIncomplete: Bool = false
) throws -> AudioFacts {
    let request = InspectRequest(
        request: 1, fileExtension: fileExtension, size: Int64(bytes.count), longestDuration: longest,
        takesIncomplete: takesIncomplete)
    return try RecordingInspector(MagicDatabase()).inspect(OpenFile.holding(bytes), request)
}

/// Why `bytes` are refused; nil where they are not.
func refusal(_ bytes: [UInt8], _ fileExtension: String, longest: Double = 3600) throws -> Rejection? {
    do {
        _ = try inspect(bytes, fileExtension, longest: longest)
        return nil
    } catch let rejection as Rejection {
        return rejection
    }
}

@Suite struct InspectionTests {
    @Test(arguments: Recording.plain + Recording.unusual + Recording.phone)
    func factsAreRight(_ recording: Recording) throws {
        let bytes = try recording.bytes()
        let facts = try inspect(bytes, recording.fileExtension)
        #expect(abs(facts.duration - 5) < 0.15)
        #expect(facts.channels == recording.channels)
        // Opus always comes out of its decoder at this rate.
        #expect(facts.sampleRate == (facts.codec == "opus" ? 48_000 : recording.sampleRate))
        #expect(facts.sha256 == (try sha256(bytes)))
    }

    @Test func namesAreThoseOfLibavAndLibmagic() throws {
        let facts = try Recording.plain.map { try inspect($0.bytes(seconds: 1), $0.fileExtension) }
        #expect(facts.map(\.codec) == ["pcm_s16le", "mp3", "aac", "aac", "flac"])
        let mov = "mov,mp4,m4a,3gp,3g2,mj2"
        #expect(facts.map(\.container) == ["wav", "mp3", mov, mov, "flac"])
        let types = ["audio/x-wav", "audio/mpeg", "audio/x-m4a", "audio/x-m4a", "audio/flac"]
        #expect(facts.map(\.mediaType) == types)
    }

    @Test func aPictureInTheTagIsNoSound() throws {
        let folder = try TemporaryFolder()
        let picture = folder.path + "/cover.png"
        let source = ["-f", "lavfi", "-i", "testsrc=size=640x480", "-frames:v", "1"]
        try Tool.run(["ffmpeg", "-nostdin", "-v", "error"] + source + [picture])
        let speech = try Samples.path("jfk.wav")
        for (ending, codec) in [("mp3", "mp3"), ("m4a", "aac"), ("flac", "flac")] {
            let bytes = try Tool.ffmpeg(
                [
                    "-i", speech, "-i", picture, "-map", "0", "-map", "1", "-c:v", "png",
                    "-disposition:v", "attached_pic",
                ], fileExtension: ending)
            let facts = try inspect(bytes, ending)
            #expect(facts.codec == codec)
            #expect(abs(facts.duration - 11) < 0.15)
        }
    }

    @Test(arguments: Recording.plain)
    func rubbishAfterTheEndIsForgiven(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 2)
        let tag = Array("TAG".utf8) + [UInt8](repeating: 32, count: 125)
        for rubbish in [tag, [0, 0, 0, 0, 0], Array("\r\n--boundary--\r\n".utf8)] {
            let facts = try inspect(bytes + rubbish, recording.fileExtension)
            #expect(abs(facts.duration - 2) < 0.15)
        }
    }

    @Test(arguments: [0, 0xffff_ffff, 0x7fff_f000] as [UInt32])
    func aStreamedWAVIsWhole(_ size: UInt32) throws {
        var bytes = try Recording("wav", "wav", ["-bitexact"]).bytes(seconds: 2)
        let field = withUnsafeBytes(of: size.littleEndian) { Array($0) }
        bytes.replaceSubrange(4..<8, with: field)
        bytes.replaceSubrange(40..<44, with: field)
        #expect(abs(try inspect(bytes, "wav").duration - 2) < 0.01)
    }

    @Test func speechOfASynthesizerThroughAPipeIsTaken() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/speech.wav"
        try Tool.run(["sh", "-c", "espeak-ng --stdout 'Ask not what your country can do for you' > \(path)"])
        #expect(try inspect(TemporaryFolder.contents(of: path), "wav").duration > 1)
    }

    @Test(arguments: Recording.plain + Recording.phoneKinds)
    func longerThanAllowedIsRefused(_ recording: Recording) throws {
        let bytes = try recording.bytes()
        guard case .tooLong(let duration, 3)? = try refusal(bytes, recording.fileExtension, longest: 3) else {
            Issue.record("not refused as too long")
            return
        }
        #expect(duration > 3)
        #expect(try refusal(bytes, recording.fileExtension, longest: 5.2) == nil)
    }

    @Test func aDurationBombIsStoppedEarly() throws {
        let silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "40000"]
        let bytes = try Tool.ffmpeg(silence, fileExtension: "flac")
        let start = ProcessorBudget.used()
        guard case .tooLong? = try refusal(bytes, "flac", longest: 600) else {
            Issue.record("not refused as too long")
            return
        }
        #expect(ProcessorBudget.used() - start < 5)
    }

    @Test func processorTimeIsBounded() throws {
        let bytes = try Recording.plain[1].bytes()
        let request = InspectRequest(
            request: 1, fileExtension: "mp3", size: Int64(bytes.count), longestDuration: 3600)
        #expect(throws: RejectionDetail.costly) {
            try RecordingInspector(MagicDatabase(), budget: -1).inspect(OpenFile.holding(bytes), request)
        }
    }

    @Test(arguments: Recording.plain + Recording.phoneKinds)
    func aFileThatGrowsOrShrinksIsIncomplete(_ recording: Recording) throws {
        let bytes = try recording.bytes(seconds: 2)
        let file = try OpenFile.holding(bytes)
        let inspector = try RecordingInspector(MagicDatabase())
        for size in [Int64(bytes.count) - 1, Int64(bytes.count) + 1, Int64(bytes.count) * 2] {
            let request = InspectRequest(
                request: 1, fileExtension: recording.fileExtension, size: size, longestDuration: 3600)
            #expect(throws: Rejection.incomplete) { try inspector.inspect(file, request) }
        }
    }
}

/// The system's word on the hash.
private func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let path = folder.path + "/data"
    let file = OpenFile(owning: try SystemError.check("open") { creat(path, 0o600) })
    try file.append(bytes)
    try Tool.run(["sh", "-c", "sha256sum \(path) | cut -c 1-64 > \(path).sum"])
    let digits = String(decoding: try TemporaryFolder.contents(of: path + ".sum"), as: UTF8.self)
    return stride(from: 0, to: 64, by: 2).compactMap { start in
        UInt8(digits.dropFirst(start).prefix(2), radix: 16)
    }
}
