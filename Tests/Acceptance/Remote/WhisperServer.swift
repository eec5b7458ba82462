import Foundation
import KotibTestSupport
import Testing

/// whisper.cpp's own server on loopback, which speaks OpenAI's interface, for as long as `body` runs.
/// - Parameter converts: whether it takes, by ffmpeg, what OpenAI's does; else WAV, MP3, FLAC and Vorbis.
func withWhisperServer<Result>(
    _ daemon: DaemonFixture, port: UInt16, converts: Bool = false, _ body: () async throws -> Result
) async throws -> Result {
    let log = daemon.scratch + "/whisper-server.log"
    let server = try await ChildProcess.start(
        daemon.installation.whisperServer(),
        [
            "-m", daemon.installation.model(), "-t", "2", "--host", "127.0.0.1", "--port", String(port),
            "--inference-path", "/v1/audio/transcriptions",
        ] + (converts ? ["--convert", "--tmp-dir", daemon.scratch] : []), environment: [:], errors: log)
    do {
        try await daemon.wait(until: "whisper-server listens") {
            let said =
                FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
            try #require(server.status == nil, "whisper-server has ended: \(said)")
            return try Loopback.accepts(port)
        }
        let result = try await body()
        await server.killAndReap()
        return result
    } catch {
        await server.killAndReap()
        throw error
    }
}
