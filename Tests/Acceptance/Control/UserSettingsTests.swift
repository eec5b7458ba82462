import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Settings of users, made with kotibctl.
    @Suite(.timeLimit(.minutes(5))) struct UserSettings {
        /// A response in OpenAI's `verbose_json` format.
        private let answer = #"""
            {"task": "transcribe", "language": "uzbek", "duration": 2.0, "text": " Salom dunyo.",
             "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": " Salom dunyo."}]}
            """#

        @Test func newRecordingsGetTheFilesAndTheEngineTheLanguage() async throws {
            let server = try FaultServer(status: "200 OK", body: answer)
            let remote: DaemonSettings = [
                "queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(server.port)/v1",
            ]
            try await withDaemon(remote) { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
                for name in ["alisher", "malika"] {
                    let added = try await daemon.kotibctl(["user", "add", name])
                    #expect(added.end == .exited(0), "\(added.errors)")
                }
                try daemon.write(SampleAudio.variant(1, of: speech), as: "alisher/before.wav")
                _ = try await daemon.awaitText(of: "alisher/before.wav.txt")

                let set = try await daemon.kotibctl(
                    ["user", "set", "alisher", "--sidecars", "txt,srt", "--language", "uz"])
                #expect(set.end == .exited(0), "\(set.errors)")
                #expect(set.output.contains("txt,srt") && set.output.contains("uz"))
                try daemon.write(SampleAudio.variant(2, of: speech), as: "alisher/after.wav")
                let subtitles = try await daemon.awaitText(of: "alisher/after.wav.srt")
                #expect(subtitles == "1\n00:00:00,000 --> 00:00:01,500\nSalom dunyo.\n\n")
                #expect(try await daemon.awaitText(of: "alisher/after.wav.txt") == "Salom dunyo.\n")
                try daemon.write(SampleAudio.variant(3, of: speech), as: "malika/other.wav")
                _ = try await daemon.awaitText(of: "malika/other.wav.txt")

                // A text that was removed comes back on request, with what is wanted now.
                try daemon.remove("alisher/before.wav.txt")
                let first = try #require(
                    try await daemon.recordings().first { $0.filePath == "alisher/before.wav" })
                let put = try await daemon.kotibctl(
                    ["texts", String(first.id)], environment: ["LC_ALL": "en_US.UTF-8"])
                #expect(
                    put.end == .exited(0) && put.output == "1: The text stands beside the recording again\n")
                #expect(daemon.text(of: "alisher/before.wav.txt") == "Salom dunyo.\n")
                #expect(daemon.text(of: "alisher/before.wav.srt") == subtitles)

                // Before (the daemon's own setting), after, and another user's.
                let languages = try server.received.map { request in
                    try request.form().first { $0.head.contains(#"name="language""#) }
                        .map { String(decoding: $0.body, as: UTF8.self) }
                }
                #expect(languages == ["en", "uz", "en"])
                #expect(try daemon.names(in: "malika") == ["other.wav", "other.wav.txt"])
            }
        }
    }
}
