import Foundation
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibEngines
@testable import KotibTranscription

/// Against whisper.cpp's own server, which speaks OpenAI's interface, with a real model and real speech.
///
/// `KOTIB_TEST_DEPS` names the folder with whisper/bin/whisper-server, models/ggml-base-q8_0.bin and
/// samples/jfk.wav.
@Suite("OpenAI engine and whisper-server", .serialized)
struct OpenAIWhisperServerTests {
    private let words = """
        and so my fellow americans ask not what your country can do for you ask what you can do for your country
        """

    @Test(.timeLimit(.minutes(2))) func realSpeechBecomesItsWords() async throws {
        try await withWhisperServer { url, samples in
            let engine = try OpenAIEngine(
                OpenAISettings(baseURL: url, model: "base"), transfers: try transfers())
            let result = try await engine.transcribe(try recording(samples + "/jfk.wav")) { _ in }
            let transcript = result.transcript
            #expect(plain(transcript.text) == words)
            #expect(transcript.language == "en" && transcript.model == "base")
            #expect(plain(transcript.segments.map(\.text).joined(separator: " ")) == words)
            #expect(transcript.segments.allSatisfy { $0.start <= $0.end && $0.end < 12 })

            let plainJSON = try OpenAIEngine(
                OpenAISettings(baseURL: url, model: "base"), transfers: try transfers(), format: .json)
            let second = try await plainJSON.transcribe(try recording(samples + "/jfk.wav")) { _ in }
            #expect(plain(second.transcript.text) == words && second.transcript.segments.isEmpty)

            // The server responds 400: no audio.
            guard case .permanent = await engine.failure(try job(Array("no sound".utf8), ending: "wav"))
            else {
                Issue.record("what is no audio is that file's fault")
                return
            }
            // The server responds 404: no such address.
            let astray = try OpenAIEngine(
                OpenAISettings(baseURL: url + "/v2", model: "base"), transfers: try transfers())
            guard case .unavailable = await astray.failure(try job()) else {
                Issue.record("a wrong base URL is no file's fault")
                return
            }
        }
    }

    private func withWhisperServer(_ body: (_ url: String, _ samples: String) async throws -> Void)
        async throws
    {
        let folder = try #require(
            ProcessInfo.processInfo.environment["KOTIB_TEST_DEPS"],
            "set KOTIB_TEST_DEPS to the folder with whisper/, models/ and samples/ (make test does)")
        let port = try Loopback.freePort()
        let arguments = [
            "-m", folder + "/models/ggml-base-q8_0.bin", "-t", "1", "--host", "127.0.0.1", "--port",
            String(port),
            "--inference-path", "/v1/audio/transcriptions", "-l", "en",
            // Room for 15 s of speech instead of 30, for speed.
            "-ac", "768",
        ]
        try await withProgram(folder + "/whisper/bin/whisper-server", arguments) { server in
            try await waitUntil("whisper-server listens", within: .seconds(30)) {
                try #require(server.status == nil, "whisper-server has ended")
                return try Loopback.accepts(port)
            }
            try await body("http://127.0.0.1:\(port)/v1", folder + "/samples")
        }
    }

    private func recording(_ path: String) throws -> TranscriptionJob {
        let descriptor = try SystemError.check("open", path) { open(path, O_RDONLY | O_CLOEXEC) }
        let file = OpenFile(owning: descriptor)
        return TranscriptionJob(
            recording: RecordingID(rawValue: 1), file: file, size: Int64(lseek(descriptor, 0, SEEK_END)),
            duration: 11, container: "wav", fileExtension: "wav", language: nil)
    }

    /// Words in lower case, one space between them.
    private func plain(_ text: String) -> String {
        text.lowercased().split { !$0.isLetter }.joined(separator: " ")
    }
}
