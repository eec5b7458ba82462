import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// An encoded recording, and the bytes of the buffer beyond the result.
struct Encoding {
    var reply: WorkerReply
    var buffer: [UInt8]

    var summary: EncodingSummary? {
        if case .encoded(_, let summary) = reply { summary } else { nil }
    }

    /// The file that was made.
    func file() throws -> [UInt8] {
        let summary = try #require(summary, "\(reply)")
        return Array(buffer.prefix(Int(summary.size)))
    }
}

func encodeRequest(
    _ fileExtension: String, _ codec: SpeechCodec = .opus, bitRate: Int = 24_000, longest: Double = 3600,
    capacity: Int64 = 1 << 20, request: UInt64 = 1
) throws -> EncodeRequest {
    let container = try #require(Container.extensions[fileExtension])
    return EncodeRequest(
        request: request, container: container.rawValue, codec: codec, bitRate: bitRate,
        longestDuration: longest, capacity: capacity)
}

/// Encodes as a worker does, in this process.
func encode(
    _ bytes: [UInt8], _ request: EncodeRequest, observer: any TranscriptionObserver = Observer()
) throws -> Encoding {
    // Longer than the request says, so that a write beyond the limit is detected.
    let memory = try OpenFile.inMemory("test", size: request.capacity + 4096)
    let buffer = try OutputBuffer(memory, capacity: request.capacity)
    let reply = try RecordingEncoder(request, observer).encode(.holding(bytes), into: buffer)
    return Encoding(reply: reply, buffer: try memory.read(upTo: Int(request.capacity) + 4096))
}

/// Counts, and cancels after so many signs of life.
final class Observer: TranscriptionObserver {
    private(set) var fractions: [Double] = []
    private let patience: Int

    init(patience: Int = .max) { self.patience = patience }

    var isCancelled: Bool { fractions.count >= patience }
    func progressed(to fraction: Double) { fractions.append(fraction) }
    func heard(_ segment: TranscriptSegment) {}
}

@Suite struct EncodingTests {
    /// 40 s of speech, then noise: long and loud enough to measure the bit rate.
    private func speech(_ seconds: Int = 44) throws -> [UInt8] {
        try Tool.ffmpeg(
            ["-t", "\(seconds)", "-i", Samples.path("two_cities.wav"), "-ac", "1", "-ar", "16000"],
            fileExtension: "wav")
    }

    @Test(arguments: Recording.plain + Recording.unusual + Recording.phone)
    func everyKindOfRecordingBecomesTheSameSpeech(_ recording: Recording) throws {
        let source = try recording.bytes()
        let encoding = try encode(source, encodeRequest(recording.fileExtension))
        let file = try encoding.file()
        let (before, after) = (try decode(source, recording.fileExtension), try decode(file, "ogg"))
        #expect(abs(before.count - after.count) < 800, "\(before.count) and \(after.count) samples")
        #expect(try #require(encoding.summary).duration == Double(before.count) / 16_000)
        #expect(likeness(before, after) > 0.95)
        #expect(file.count < 17_500, "\(file.count) bytes of 5 s")
    }

    /// Other programs can read the file and report the same duration.
    @Test func otherProgramsAgree() throws {
        for (codec, ending) in [(SpeechCodec.opus, "ogg"), (.flac, "flac")] {
            let encoding = try encode(
                Recording("wav", "wav", channels: 2, rate: 48_000).bytes(), encodeRequest("wav", codec))
            let folder = try TemporaryFolder()
            let path = folder.path + "/out." + ending
            let file = OpenFile(
                owning: try SystemError.check("open") { open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) })
            try file.append(encoding.file())
            let said = try Tool.output([
                "ffprobe", "-v", "error", "-show_entries",
                "stream=codec_name,channels:format=format_name,duration", "-of", "csv=p=0", path,
            ])
            let fields = said.split { $0 == "\n" || $0 == "," }.map(String.init)
            #expect(fields.prefix(3) == [codec.rawValue, "1", ending], "\(said)")
            #expect(abs(try #require(fields.last.flatMap(Double.init)) - 5) < 0.05, "\(said)")
            try Tool.run(["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"])
        }
    }

    @Test func encodedFilePassesInspection() throws {
        for codec in SpeechCodec.allCases {
            let file = try encode(Recording.plain[1].bytes(), encodeRequest("mp3", codec)).file()
            let facts = try RecordingInspector(try MagicDatabase()).inspect(
                .holding(file),
                InspectRequest(
                    request: 1, fileExtension: codec.fileExtension, size: Int64(file.count),
                    longestDuration: 60))
            #expect(facts.codec == codec.rawValue && facts.channels == 1)
            #expect(abs(facts.duration - 5) < 0.1)
        }
    }

    /// Servers hear one voice at a time, and add up channels.
    @Test func mishearableRecordingIsCorrected() throws {
        let voices = try Channels()
        func encoded(_ channels: [[Float]]) throws -> (EncodingSummary, [Float]) {
            let encoding = try encode(Channels.wav(channels), encodeRequest("wav", .flac))
            return (try #require(encoding.summary), try decode(encoding.file(), "flac"))
        }
        let jfk = Array(voices.jfk.prefix(96_000))
        let cities = Array(voices.cities.prefix(96_000))
        let (call, both) = try encoded([jfk, cities])
        #expect(call.parts == 2 && !call.isPlain)
        // Three seconds of silence follow each voice.
        #expect(call.duration == 18 && both.count == 288_000)
        // The level follows the loudness of each stretch.
        #expect(likeness(Array(both.prefix(96_000)), jfk) > 0.95)
        #expect(likeness(Array(both[144_000..<240_000]), cities) > 0.95)
        #expect(both[96_000..<144_000].allSatisfy { $0 == 0 })
        let (inverted, voice) = try encoded([jfk, jfk.map { -$0 }])
        #expect(inverted.parts == 1 && !inverted.isPlain && likeness(voice, jfk) > 0.99)
        #expect(try encoded([jfk, jfk]).0.isPlain)
        #expect(try encoded([jfk]).0.isPlain)
        #expect(try !encoded([jfk.map { $0 * 0.005 }]).0.isPlain)
        #expect(try !encoded([jfk.map { $0 * 5_000 }]).0.isPlain)
    }

    @Test func flacKeepsEverySample() throws {
        let source = try Recording("wav", "wav", ["-bitexact"]).bytes()
        let file = try encode(source, encodeRequest("wav", .flac)).file()
        #expect(try decode(file, "flac") == decode(source, "wav"))
        #expect(file.count < source.count * 7 / 10)
    }

    @Test(arguments: [24_000, 16_000, 12_000, 8_000, 6_000])
    func theBitRateIsKept(_ bitRate: Int) throws {
        let noise = try Tool.ffmpeg(
            ["-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.5:seed=1", "-t", "40"], fileExtension: "wav")
        let source = try speech()
        for (bytes, seconds) in [(source, 44.0), (noise, 40)] {
            let file = try encode(bytes, encodeRequest("wav", bitRate: bitRate)).file()
            // The size that EncodingPlan assumes.
            #expect(Double(file.count) < 1024 + seconds * Double(bitRate) / 8 * 1.02, "\(file.count) bytes")
        }
        #expect(
            try likeness(
                decode(source, "wav"),
                decode(encode(source, encodeRequest("wav", bitRate: bitRate)).file(), "ogg")) > 0.9)
    }

    @Test func theSameRecordingGivesTheSameFile() throws {
        let source = try Recording.plain[1].bytes()
        let request = try encodeRequest("mp3")
        #expect(try encode(source, request).file() == encode(source, request).file())
    }

    @Test(arguments: SpeechCodec.allCases) func theLimitIsKeptToTheByte(_ codec: SpeechCodec) throws {
        let source = try Recording.plain[0].bytes()
        let size = try Int64(encode(source, encodeRequest("wav", codec)).file().count)
        let fitting = try encode(source, encodeRequest("wav", codec, capacity: size))
        #expect(fitting.summary?.size == size)
        for capacity in [size - 1, size / 2, 100, 1] {
            let encoding = try encode(source, encodeRequest("wav", codec, capacity: capacity))
            guard case .outgrown(request: 1, let duration) = encoding.reply else {
                Issue.record("\(capacity) of \(size) bytes: \(encoding.reply)")
                continue
            }
            #expect((0...5).contains(duration))
            #expect(encoding.buffer.dropFirst(Int(capacity)).allSatisfy { $0 == 0 }, "written beyond")
        }
    }

    @Test func howMuchFitsIsSaidRoughly() throws {
        let source = try speech()
        let encoding = try encode(source, encodeRequest("wav", capacity: 66_000))
        guard case .outgrown(_, let duration) = encoding.reply else { throw UnexpectedReply() }
        #expect(abs(duration - 22) <= 10, "\(duration) s in 66,000 bytes")
    }

    @Test func itEndsAtTheLongestDuration() throws {
        let encoding = try encode(Recording.plain[1].bytes(), encodeRequest("mp3", longest: 2))
        #expect(encoding.summary?.duration == 2)
        #expect(try decode(encoding.file(), "ogg").count == 32_000)
    }

    @Test func progressIsASignOfLifeAndCancellingEndsIt() throws {
        let source = try speech()
        let whole = Observer()
        _ = try encode(source, encodeRequest("wav"), observer: whole)
        #expect(whole.fractions.count == 5 && whole.fractions == whole.fractions.sorted())
        #expect(abs(try #require(whole.fractions.first) - 10.0 / 44) < 0.01)
        let impatient = Observer(patience: 2)
        let encoding = try encode(source, encodeRequest("wav"), observer: impatient)
        #expect(encoding.reply == .cancelled(request: 1))
        #expect(impatient.fractions.count == 2)
    }

    @Test(arguments: Recording.plain + Recording.phoneKinds)
    func damagedRecordingsEndInAFileOrARejection(_ recording: Recording) throws {
        let whole = try recording.bytes()
        var generator = SeededGenerator(state: 9)
        var made = 0
        for round in 0..<12 {
            var bytes = whole
            for _ in 0..<(1 << (round / 3)) {
                let place = Int.random(in: 0..<bytes.count - 64, using: &generator)
                bytes.replaceSubrange(
                    place..<place + 64, with: SeededGenerator.bytes(64, seed: UInt64(place)))
            }
            if round % 3 == 2 { bytes.removeLast(bytes.count / 3) }
            do {
                let encoding = try encode(bytes, encodeRequest(recording.fileExtension))
                #expect(try !decode(encoding.file(), "ogg").isEmpty)
                made += 1
            } catch is Rejection {}
        }
        #expect(made > 0, "none of the damaged ones could be read")
    }

    @Test(arguments: ["hls", "concat", "", "mp3,wav"])
    func onlyKnownContainersAreOpened(_ container: String) throws {
        var request = try encodeRequest("wav")
        request.container = container
        #expect(throws: Rejection.self) { try encode(Recording.plain[0].bytes(seconds: 1), request) }
    }

    @Test func aBufferSmallerThanSaidIsABreach() throws {
        let memory = try OpenFile.inMemory("test", size: 100)
        for capacity in [101, .max, 0, -1] as [Int64] {
            #expect(throws: ProtocolViolation.self) { try OutputBuffer(memory, capacity: capacity) }
        }
        #expect(throws: Never.self) { try OutputBuffer(memory, capacity: 100) }
    }
}
