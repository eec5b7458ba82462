import Foundation
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol
import Testing

@testable import KotibEngines

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
}
