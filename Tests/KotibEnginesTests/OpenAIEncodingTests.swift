import Foundation
import KotibHTTP
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibText
import KotibTranscription
import KotibWorkerProtocol
import Logging
import Testing

@testable import KotibEngines
@testable import KotibWorkerClient

private let words = #"{"text":"Hello.","segments":[{"start":0,"end":1,"text":"Hello."}]}"#

/// Re-encoding of recordings that a server does not accept. The container says how the stand-in behaves.
@Suite("OpenAI engine and encoding")
struct OpenAIEncodingTests {
    private func engine(
        _ server: FaultServer, _ pool: WorkerPool, _ codec: SpeechCodec? = .opus,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ change: (inout OpenAISettings) -> Void = { _ in }
    ) throws -> OpenAIEngine {
        var settings = OpenAISettings(baseURL: server.url + "/v1")
        change(&settings)
        let encoder = codec.map { codec in
            SpeechEncoder(pool: pool, codec: codec, longestDuration: 3600, logger: logger)
        }
        return try OpenAIEngine(settings, transfers: try transfers(), encoder: encoder)
    }

    private func server() throws -> FaultServer {
        try FaultServer { _ in [.send(Answer.whole(200, words))] }
    }

    /// The file's part of the only request: its name, and the text at its beginning.
    private func sent(_ server: FaultServer) throws -> (head: String, text: String, size: Int) {
        #expect(server.received.count == 1)
        let part = try #require(try server.received.first?.form().last)
        let text = String(decoding: part.body.prefix { $0 != 0 }, as: UTF8.self)
        return (part.head, text, part.body.count)
    }

    @Test(arguments: ["amr", "3gp", "aac", "mov", "wma"])
    func unacceptedFormatIsEncoded(ending: String) async throws {
        try await withPool { pool async throws in
            let server = try server()
            _ = try await engine(server, pool).transcribe(job(ending: ending, container: "well")) { _ in }
            let (head, text, size) = try sent(server)
            #expect(head.contains("filename=\"audio.ogg\"") && head.hasSuffix("Content-Type: audio/ogg"))
            #expect(text == "OggS well opus 24000" && size == 4096)
        }
    }

    /// Other decoders may trust a header that declares less than the file holds.
    @Test func inconsistentLengthIsEncoded() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let job = try job(ending: "wav", container: "well", isDoubtful: true)
            _ = try await engine(server, pool).transcribe(job) { _ in }
            #expect(try sent(server).head.contains("filename=\"audio.ogg\""))
        }
    }

    @Test(arguments: OpenAISettings.documentedExtensions.sorted())
    func acceptedFormatIsSentUnchanged(ending: String) async throws {
        try await withPool { pool async throws in
            let server = try server()
            _ = try await engine(server, pool).transcribe(job(ending: ending, container: "crash")) { _ in }
            #expect(try sent(server).text == "RIFF")
        }
    }

    @Test func theSettingSaysWhatIsTaken() async throws {
        try await withPool { pool async throws in
            for (formats, text) in [(["amr", "ogg"], "RIFF"), (["wav", "ogg"], "OggS well opus 24000")] {
                let server = try server()
                let engine = try engine(server, pool) { $0.formats = Set(formats) }
                _ = try await engine.transcribe(job(ending: "amr", container: "well")) { _ in }
                #expect(try sent(server).text == text)
            }
        }
    }

    @Test func oneByteDecides() async throws {
        try await withPool { pool async throws in
            let most = 100_000 - OpenAIEngine.envelope
            for (size, isEncoded) in [(most, false), (most + 1, true)] {
                let server = try server()
                let engine = try engine(server, pool) { $0.uploadLimit = 100_000 }
                _ = try await engine.transcribe(job(size: size, container: "well")) { _ in }
                #expect(try sent(server).text.hasPrefix("OggS") == isEncoded, "\(size) bytes")
                #expect(try #require(server.received.first).bodySize <= 100_000)
            }
        }
    }

    @Test func noneSendsAllAsItIs() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let engine = try engine(server, pool, nil) { $0.uploadLimit = 100_000 }
            _ = try await engine.transcribe(job(ending: "amr")) { _ in }
            #expect(try sent(server).text == "RIFF")
            guard case .permanent(let message) = await engine.failure(try job(size: 100_000)) else {
                Issue.record("it was sent")
                return
            }
            #expect(message.english.contains("takes 0.1 MiB in one request"))
            #expect(server.received.count == 1)
        }
    }

    @Test func flacIsSentUnderItsOwnName() async throws {
        try await withPool { pool async throws in
            let server = try server()
            _ = try await engine(server, pool, .flac).transcribe(job(ending: "amr", container: "well")) { _ in
            }
            let (head, text, _) = try sent(server)
            #expect(head.contains("filename=\"audio.flac\"") && head.hasSuffix("Content-Type: audio/flac"))
            #expect(text == "OggS well flac 0")
        }
    }

    /// A server adds up the channels of the first track, and takes 16 bits for all that there is.
    @Test(arguments: [(2, "mp3"), (1, "pcm_f32le"), (1, "pcm_s24le"), (1, "pcm_s32be")])
    func recordingAServerWouldMishearIsEncoded(channels: Int, codec: String) async throws {
        try await withPool { pool async throws in
            let (server, plain) = (try server(), try server())
            let job = try job(container: "well", channels: channels, codec: codec)
            _ = try await engine(server, pool).transcribe(job) { _ in }
            #expect(try sent(server).text == "OggS well opus 24000")
            // The administrator wants nothing encoded.
            _ = try await engine(plain, pool, nil).transcribe(job) { _ in }
            #expect(try sent(plain).text == "RIFF")
        }
    }

    @Test func failedOptionalEncodingSendsTheSource() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let job = try job(container: "too-large", channels: 2)
            _ = try await engine(server, pool).transcribe(job) { _ in }
            #expect(try sent(server).text == "RIFF")
        }
    }

    /// Opus costs words; what the same is heard of anyway is sent as it is.
    @Test func optionalEncodingIsSkippedIfTheSourceIsAsGood() async throws {
        try await withPool { pool async throws in
            for (ending, text) in [("wav", "RIFF"), ("amr", "OggS plain opus 24000")] {
                let server = try server()
                let job = try job(ending: ending, container: "plain", channels: 2)
                _ = try await engine(server, pool).transcribe(job) { _ in }
                #expect(try sent(server).text == text)
            }
        }
    }

    /// Each voice has 13 s in the file that is sent.
    @Test func theWordsOfTwoVoicesComeInOrderOfTime() async throws {
        try await withPool { pool async throws in
            let answer = """
                {"text":"One. Three. Two. Four.","segments":[{"start":0,"end":2,"text":"One."},
                {"start":5,"end":9,"text":"Three."},{"start":14,"end":16,"text":"Two."},
                {"start":24,"end":1e8,"text":"Four."}]}
                """
            let server = try FaultServer { _ in [.send(Answer.whole(200, answer))] }
            let job = try job(container: "two-voices", channels: 2)
            let result = try await engine(server, pool).transcribe(job) { _ in }
            let words = result.transcript.text.split(whereSeparator: \.isWhitespace)
            #expect(words == ["One.", "Two.", "Three.", "Four."])
            #expect(result.transcript.segments.map(\.start) == [0, 1, 5, 11])
            #expect(result.transcript.segments.map(\.end) == [2, 3, 9, 13])
        }
    }

    @Test func oversizeAtOneBitRateTriesTheNext() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let job = try job(ending: "amr", container: "too-large-for-24k")
            _ = try await engine(server, pool).transcribe(job) { _ in }
            #expect(try sent(server).text == "OggS too-large-for-24k opus 16000")
        }
    }

    @Test func unfittingRecordingIsReported() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let opus = try engine(server, pool)
            // No encoding is attempted: the stand-in would crash.
            let long = await opus.failure(try job(duration: 40_000, ending: "amr", container: "crash"))
            guard case .permanent(let message) = long else {
                Issue.record("\(String(describing: long))")
                return
            }
            #expect(message.english.hasPrefix("The recording lasts 11 h 6 min, and 127.0.0.1:"), "\(message)")
            #expect(
                message.english.contains("takes 25 MiB in one request, which is 9 h 31 min of speech"),
                "\(message)")
            let tried = await opus.failure(try job(duration: 1, ending: "amr", container: "too-large"))
            #expect(tried?.words.contains("13 min 39 s of speech") == true, "\(String(describing: tried))")
            let flac = try engine(server, pool, .flac)
            let large = await flac.failure(try job(duration: 3600, ending: "amr", container: "too-large"))
            guard case .permanent(let sentence) = large else {
                Issue.record("\(String(describing: large))")
                return
            }
            #expect(
                sentence.english.contains("lasts 1 h 0 min")
                    && sentence.english.contains("13 min 39 s of it as FLAC"))
            #expect(sentence.english.contains("openai.encode = \"opus\""))
            #expect(server.received.isEmpty)
        }
    }

    @Test(arguments: [
        "crash", "exit-midway", "hang", "rubbish", "wrong-kind-of-answer", "lies-about-size",
        "says-nothing-was-written", "says-no-voice", "lies-about-voices",
    ])
    func aWorkerThatFailsCostsOnlyItsOwnAttempt(deed: String) async throws {
        try await withPool { pool async throws in
            let server = try server()
            let engine = try engine(server, pool)
            let error = await engine.failure(try job(ending: "amr", container: deed))
            guard case .poison(let message) = error else {
                Issue.record("\(deed): \(String(describing: error))")
                return
            }
            #expect(message.english.hasPrefix("The encoding worker "))
            #expect(server.received.isEmpty)
            _ = try await engine.transcribe(job(ending: "amr", container: "well")) { _ in }
        }
    }

    @Test func aBufferThatTheWorkerWouldCutIsWhole() async throws {
        try await withPool { pool async throws in
            let server = try server()
            let job = try job(ending: "amr", container: "cuts-the-buffer")
            _ = try await engine(server, pool).transcribe(job) { _ in }
            #expect(try sent(server).size == 4096)
        }
    }

    @Test func undecodableFileIsPermanent() async throws {
        try await withPool { pool async throws in
            let error = try await engine(server(), pool).failure(job(ending: "amr", container: "fail"))
            #expect(error == .permanent(message: .notReencoded("no decoder")))
        }
    }

    @Test func aWorkerThatCannotStartIsNoRecordingsFault() async throws {
        try await withPool(standIn("exit-at-start")) { pool async throws in
            let error = try await engine(server(), pool).failure(job(ending: "amr"))
            guard case .unavailable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func cancellationEndsAnEncoding() async throws {
        try await withPool { pool async throws in
            let (server, reports) = (try server(), Reports())
            let engine = try engine(server, pool)
            let job = try job(ending: "amr", container: "until-cancelled")
            let task = Task { () async throws -> Void in
                _ = try await engine.transcribe(job, report: reports.add)
            }
            try await waitUntil("the worker is busy") { pool.status.busy == 1 }
            task.cancel()
            let result = await task.result
            #expect(throws: EngineError.cancelled) { try result.get() }
            #expect(server.accepted == 0)
        }
    }

    @Test func encodingIsAPartOfTheProgress() async throws {
        try await withPool { pool async throws in
            let (server, reports) = (try server(), Reports())
            let (logger, lines) = recordingLogger()
            let job = try job(ending: "amr", container: "well")
            _ = try await engine(server, pool, logger: logger).transcribe(job, report: reports.add)
            let fractions = reports.all.compactMap { if case .fraction(let done) = $0 { done } else { nil } }
            #expect(fractions == fractions.sorted())
            #expect(fractions.first == 0.1 && fractions.last == 1)
            #expect(abs(try #require(fractions.dropLast().last) - 0.6) < 1e-9)
            let line = try #require(lines.all.first { $0.contains("re-encoded") })
            for part in [
                "info re-encoded", "from=amr", "to=opus", "size=4 ", "sent_size=4096", "bit_rate=24000",
                "because_of=kind", "recording=1",
            ] {
                #expect(line.contains(part), "\(line)")
            }
        }
    }
}

extension EngineError {
    fileprivate var words: String {
        switch self {
        case .transient(let message, _), .permanent(let message), .poison(let message),
            .unavailable(let message, _):
            message.english
        case .cancelled: ""
        }
    }
}
