import Foundation
import KotibModel
import KotibTestSupport
import KotibText
import Synchronization
import Testing

@testable import KotibEngines
@testable import KotibTranscription

private let verbose = """
    {"task":"transcribe","language":"english","duration":2.0,"text":" Hello there. General.",
     "segments":[{"id":0,"start":0.0,"end":1.25,"text":" Hello there.","tokens":[1,2]},
                 {"id":1,"start":1.25,"end":2,"text":" General."}]}
    """

func engine(_ server: FaultServer, _ change: (inout OpenAISettings) -> Void = { _ in }) throws -> OpenAIEngine
{
    var settings = OpenAISettings(baseURL: server.url + "/v1/", key: APIKey("sk-very-secret"))
    change(&settings)
    return try OpenAIEngine(settings, transfers: try transfers())
}

extension OpenAIEngine {
    /// The error that a transcription ends with; nil where there is a transcript.
    func failure(_ job: TranscriptionJob) async -> EngineError? {
        do throws(EngineError) {
            _ = try await transcribe(job) { _ in }
            return nil
        } catch {
            return error
        }
    }
}

@Suite("OpenAI engine")
struct OpenAIEngineTests {
    @Test func theRequestIsWhatTheServiceDocuments() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, verbose))] }
        let job = try job(Array("ID3 sound".utf8), ending: "mp3", language: "uz")
        _ = try await engine(server).transcribe(job) { _ in }
        let request = try #require(server.received.first)
        #expect(request.method == "POST" && request.path == "/v1/audio/transcriptions")
        #expect(request.header("authorization") == "Bearer sk-very-secret")
        let parts = try request.form()
        let fields = parts.dropLast().map { "\($0.head)=\(String(decoding: $0.body, as: UTF8.self))" }
        let field = "Content-Disposition: form-data; name="
        #expect(
            fields == [
                "\(field)\"model\"=whisper-1", "\(field)\"response_format\"=verbose_json",
                "\(field)\"language\"=uz",
            ])
        #expect(parts.last?.head == "\(field)\"file\"; filename=\"audio.mp3\"\r\nContent-Type: audio/mpeg")
        #expect(parts.last?.body == Array("ID3 sound".utf8))
    }

    /// OpenAI's list of what it takes has neither .opus nor .oga.
    @Test(arguments: [
        ("opus", "audio.ogg", "audio/ogg"), ("oga", "audio.ogg", "audio/ogg"),
        ("ogg", "audio.ogg", "audio/ogg"),
        ("webm", "audio.webm", "audio/webm"), ("mp4", "audio.mp4", "audio/mp4"),
        ("amr", "audio.amr", "audio/amr"),
        ("x y", "audio.bin", "application/octet-stream"),
    ])
    func aServerIsToldTheKindByANameThatItKnows(ending: String, name: String, type: String) {
        let kind = OpenAIFileKind(ending)
        #expect(kind.fileName == name && kind.contentType == type)
    }

    @Test func verboseJSONBecomesATranscript() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, verbose))] }
        let reports = Reports()
        let result = try await engine(server).transcribe(try job()) { reports.add($0) }
        let segments = [
            TranscriptSegment(start: 0, end: 1.25, text: "Hello there."),
            TranscriptSegment(start: 1.25, end: 2, text: "General."),
        ]
        #expect(
            result.transcript
                == Transcript(
                    text: "Hello there. General.", segments: segments, language: "en", engine: "openai",
                    model: "whisper-1"))
        #expect(result.speech == nil)
        let fractions = reports.all.compactMap { if case .fraction(let done) = $0 { done } else { nil } }
        #expect(fractions.count == reports.all.count && fractions == fractions.sorted())
        #expect(fractions.last == 1 && fractions.dropLast().last == 0.5)
    }

    @Test func silenceIsSaidToBeSilence() async throws {
        let server = try FaultServer { _ in
            [.send(Answer.whole(200, #"{"text":" \n","language":"en","segments":[]}"#))]
        }
        let result = try await engine(server).transcribe(try job()) { _ in }
        #expect(result.transcript.text == "" && result.speech == 0)
    }

    @Test func aServerOfOnesOwnNeedsNoKey() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, verbose))] }
        _ = try await engine(server) { $0.key = APIKey("") }.transcribe(try job()) { _ in }
        #expect(server.received.first?.header("authorization") == nil)
    }

    @Test func aFormThatTheServerLacksIsNotAskedForAgain() async throws {
        let server = try FaultServer { request in
            let body = String(decoding: request.body, as: UTF8.self)
            guard !body.contains("json\r\n") else {
                let refusal =
                    #"{"error":{"message":"Unsupported value","param":"response_format","code":null}}"#
                return [.send(Answer.whole(body.contains("verbose") ? 400 : 422, refusal))]
            }
            return [.send(Answer.whole(200, "Salom.\n", type: "text/plain; charset=utf-8"))]
        }
        let engine = try engine(server)
        for _ in 0..<2 {
            let transcript = try await engine.transcribe(try job(language: "uz")) { _ in }.transcript
            #expect(transcript.text == "Salom." && transcript.language == "uz" && transcript.segments.isEmpty)
        }
        #expect(server.received.count == 4, "three the first time, one the second")
    }

    @Test func aServerWithoutAnyFormIsNotTheRecordingsFault() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(400, #"{"error":"bad response_format"}"#))] }
        guard case .unavailable = try await engine(server).failure(try job()) else {
            Issue.record("the recording was blamed")
            return
        }
        #expect(server.received.count == 3)
    }

    @Test func modelsWithoutTimesAreAskedForPlainJSON() async throws {
        let server = try FaultServer { _ in
            [.send(Answer.whole(200, #"{"text":"Hi","usage":{"type":"tokens"}}"#))]
        }
        let engine = try engine(server) { $0.model = "gpt-4o-mini-transcribe" }
        #expect(try await engine.transcribe(try job()) { _ in }.transcript.text == "Hi")
        let body = String(decoding: server.received.first?.body ?? [], as: UTF8.self)
        #expect(body.contains("\r\n\r\njson\r\n"))
    }

    @Test func aRecordingOverTheLimitIsNotSent() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, verbose))] }
        let engine = try engine(server) { $0.uploadLimit = 100_000 }
        let most = 100_000 - OpenAIEngine.envelope
        guard case .permanent(let message) = await engine.failure(try job(size: most + 1)) else {
            Issue.record("one byte too many was sent")
            return
        }
        #expect(message.english.contains("0.1 MiB in one request"))
        #expect(server.accepted == 0)
        #expect(await engine.failure(try job(size: most)) == nil)
        #expect(try #require(server.received.first).bodySize <= 100_000)
    }

    @Test func aRecordingTooShortIsNotSent() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, verbose))] }
        guard case .permanent = try await engine(server).failure(try job(duration: 0.099)) else {
            Issue.record("it was sent")
            return
        }
        #expect(try await engine(server).failure(try job(duration: 0.1)) == nil)
        #expect(server.accepted == 1)
    }

    @Test func cancellationEndsATranscriptionAtOnce() async throws {
        let server = try FaultServer { _ in [.hang] }
        let engine = try engine(server)
        let job = try job()
        let task = Task { await engine.failure(job) }
        try await waitUntil("the request has come") { !server.received.isEmpty }
        task.cancel()
        #expect(await task.value == .cancelled)
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func limitsGrowWithTheRecording() async throws {
        let server = try FaultServer { _ in [.hang] }
        let engine = try engine(server) { $0.total = .milliseconds(50) }
        let start = ContinuousClock.now
        guard case .transient = await engine.failure(try job(duration: 0.5)) else {
            Issue.record("a hanging server is a passing fault")
            return
        }
        #expect(ContinuousClock.now - start >= .milliseconds(550))
    }
}
