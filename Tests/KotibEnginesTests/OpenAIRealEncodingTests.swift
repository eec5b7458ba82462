import Foundation
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWorkerClient
import KotibWorkerProtocol
import Testing

@testable import KotibEngines
@testable import KotibTranscription

/// Uses the real worker: other programs can play the file that the server receives.
@Suite("OpenAI engine and the real encoder")
struct OpenAIRealEncodingTests {
    @Test(arguments: [("wav", ["-ac", "2", "-ar", "48000"]), ("mov", ["-c:a", "aac"]), ("wma", [])])
    func theServerGetsAPlayableOgg(ending: String, options: [String]) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("talk.\(ending)")
        let sample = try Installation.find().sample("jfk")
        try await Command.succeed("ffmpeg", ["-nostdin", "-v", "error", "-i", sample] + options + [path])
        let file = OpenFile(owning: try SystemError.check("open") { open(path, O_RDONLY | O_CLOEXEC) })
        let size = Int64(lseek(file.descriptor, 0, SEEK_END))
        let containers = ["mov": "mov,mp4,m4a,3gp,3g2,mj2", "wma": "asf"]
        let job = TranscriptionJob(
            recording: RecordingID(rawValue: 1), file: file, size: size, duration: 11,
            container: containers[ending] ?? ending, fileExtension: ending, language: nil)
        let server = try FaultServer { _ in [.send(Answer.whole(200, #"{"text":"Hello."}"#))] }
        let program = WorkerProgram.inspector(executable: try Installation.find().program("kotib-worker"))
        try await withPool(program) { pool async throws in
            let (logger, _) = recordingLogger()
            let encoder = SpeechEncoder(pool: pool, codec: .opus, longestDuration: 3600, logger: logger)
            let settings = OpenAISettings(
                baseURL: server.url, uploadLimit: 60_000, formats: ["ogg"])
            _ = try await OpenAIEngine(settings, transfers: try transfers(), encoder: encoder)
                .transcribe(job) { _ in }
        }
        let request = try #require(server.received.first)
        #expect(request.bodySize <= 60_000)
        let part = try #require(try request.form().last)
        #expect(part.head.contains("filename=\"audio.ogg\""))
        try Data(part.body).write(to: URL(filePath: folder.path("sent.ogg")))
        let said = try await Command.succeed(
            "ffprobe",
            [
                "-v", "error", "-show_entries", "stream=codec_name,channels:format=format_name,duration",
                "-of",
                "csv=p=0", folder.path("sent.ogg"),
            ])
        let fields = said.split { $0 == "\n" || $0 == "," }.map(String.init)
        #expect(fields.prefix(3) == ["opus", "1", "ogg"], "\(said)")
        #expect(abs(try #require(fields.last.flatMap(Double.init)) - 11) < 0.05, "\(said)")
        try await Command.succeed(
            "ffmpeg", ["-v", "error", "-xerror", "-i", folder.path("sent.ogg"), "-f", "null", "-"])
    }

    /// A server that decodes otherwise than libav hears noise in RIFX, and nothing behind a tag.
    @Test(arguments: ["rifx", "tagged", "plain"])
    func whatIsReadOnlyWithItsHeaderPutRightIsEncoded(kind: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("talk.wav")
        let sample = try Installation.find().sample("jfk")
        try await Command.succeed("sox", [sample] + (kind == "rifx" ? ["-B"] : []) + ["-t", "wav", path])
        let tag = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 20] + [UInt8](repeating: 0, count: 20)
        let bytes: [UInt8] = (kind == "tagged" ? tag : []) + (try Data(contentsOf: URL(filePath: path)))
        let file = try temporaryFile(size: 0, bytes)
        let server = try FaultServer { _ in [.send(Answer.whole(200, #"{"text":"Hello."}"#))] }
        let program = WorkerProgram.inspector(executable: try Installation.find().program("kotib-worker"))
        try await withPool(program) { pool async throws in
            let answer = try await pool.perform(passing: file, deadline: .seconds(60)) { id in
                .inspect(
                    InspectRequest(
                        request: id, fileExtension: "wav", size: Int64(bytes.count), longestDuration: 3600))
            }
            guard case .inspected(_, let facts) = answer.reply else {
                Issue.record("\(answer.reply)")
                return
            }
            #expect(facts.isPatched == (kind != "plain") && facts.warnings.isEmpty)
            let (logger, _) = recordingLogger()
            let encoder = SpeechEncoder(pool: pool, codec: .opus, longestDuration: 3600, logger: logger)
            let engine = try OpenAIEngine(
                OpenAISettings(baseURL: server.url), transfers: try transfers(), encoder: encoder)
            let job = try job(
                bytes, duration: facts.duration, container: facts.container, channels: facts.channels,
                codec: facts.codec, isDoubtful: facts.isPatched)
            #expect(engine.encodingReason(job) == (kind == "plain" ? nil : .content))
            _ = try await engine.transcribe(job) { _ in }
        }
        let part = try #require(try server.received.first?.form().last)
        #expect(part.body.starts(with: (kind == "plain" ? "RIFF" : "OggS").utf8))
    }
}
