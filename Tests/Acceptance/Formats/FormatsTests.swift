import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Recordings of messengers, browsers and phones, where the administrator lets them in.
    @Suite(.timeLimit(.minutes(5))) struct Formats {
        private let all: DaemonSettings = [
            "intake.extensions": [
                ".mp3", ".wav", ".m4a", ".flac", ".ogg", ".oga", ".opus", ".webm", ".aac", ".amr", ".3gp",
                ".mp4", ".mov", ".wma",
            ]
        ]

        /// One after the other with one daemon: starting it anew would cost more than the words.
        @Test func theSameSpeechHasTheSameWordsInEveryFormat() async throws {
            try await withDaemon(all) { daemon in
                let speech = try daemon.installation.sample("jfk")
                for format in PhoneFormat.all {
                    let path = "alisher/talk.\(format.ending)"
                    try daemon.drop(try await format.make(of: speech, in: daemon.scratch), as: path)
                    let text = try await daemon.awaitText(of: path + ".txt")
                    let rate = WordErrorRate.of(text, against: Said.jfk)
                    #expect(rate <= 0.10, "\(format.ending): \(text)\n\(daemon.story)")
                    let row = try await daemon.awaitRow(of: path, "completed")
                    #expect(abs(try #require(row.duration) - 11) < 0.5, "\(format.ending)")
                }
                #expect(daemon.events(DaemonMessage.refused).isEmpty, daemon.log)
            }
        }

        /// Names that browsers' recorders and messengers give to files of another format.
        @Test func theEndingDecidesNothing() async throws {
            try await withDaemon { daemon in
                let speech = try daemon.installation.sample("jfk")
                for format in PhoneFormat.all {
                    let path = "alisher/\(format.ending).mp3"
                    try daemon.drop(try await format.make(of: speech, in: daemon.scratch), as: path)
                    let text = try await daemon.awaitText(of: path + ".txt")
                    let rate = WordErrorRate.of(text, against: Said.jfk)
                    #expect(rate <= 0.10, "\(format.ending): \(text)\n\(daemon.story)")
                }
            }
        }

        /// Files that every player plays, and that promise more than they hold.
        @Test func incompleteFileIsAcceptedAfterTheTimeout() async throws {
            try await withDaemon(["watch.incomplete_after": 4]) { daemon in
                var wave = try Data(contentsOf: URL(filePath: daemon.installation.sample("jfk")))
                let field = try #require(wave.firstRange(of: Data("data".utf8))).upperBound
                let size = UInt32(wave.count - field - 4 + 44).littleEndian
                withUnsafeBytes(of: size) { wave.replaceSubrange(field..<field + 4, with: $0) }
                try daemon.write(wave, as: "alisher/plus.wav")
                let event = try await daemon.awaitEvent(
                    DaemonMessage.refused, where: ["file": "alisher/plus.wav"])
                #expect(event["reason"] == "incomplete")
                let text = try await daemon.awaitText(of: "alisher/plus.wav.txt")
                #expect(WordErrorRate.of(text, against: Said.jfk) <= 0.10, "\(text)")
                let row = try await daemon.awaitRow(of: "alisher/plus.wav", "completed")
                #expect(row.duration == 11)
                try await daemon.awaitAbsence(of: "alisher/plus.wav.rejected.txt")
            }
        }

        @Test func contentThatContradictsTheNameIsRefused() async throws {
            try await withDaemon(all) { daemon in
                let speech = try daemon.installation.sample("jfk")
                let playlist = Data("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".utf8)
                var reasons: [String: String] = [:]
                for format in PhoneFormat.all {
                    try daemon.write(playlist, as: "alisher/list.\(format.ending)")
                    reasons["alisher/list.\(format.ending)"] = "not_audio"
                    let whole = try Data(
                        contentsOf: URL(filePath: try await format.make(of: speech, in: daemon.scratch)))
                    try daemon.write(whole.prefix(whole.count * 6 / 10), as: "alisher/cut.\(format.ending)")
                    reasons["alisher/cut.\(format.ending)"] = "incomplete"
                }
                for (path, reason) in reasons.sorted(by: { $0.key < $1.key }) {
                    let event = try await daemon.awaitEvent(DaemonMessage.refused, where: ["file": path])
                    #expect(event["reason"] == reason, "\(path)")
                    try await daemon.awaitText(of: path + ".rejected.txt")
                }
                #expect(daemon.events(DaemonMessage.transcribed).isEmpty, daemon.log)
            }
        }

        @Test func withoutTheSettingTheyAreRefusedByName() async throws {
            try await withDaemon { daemon in
                let speech = try daemon.installation.sample("jfk")
                let voice = try await PhoneFormat.all[0].make(of: speech, in: daemon.scratch)
                try daemon.drop(voice, as: "alisher/voice.ogg")
                let note = try await daemon.awaitText(of: "alisher/voice.ogg.rejected.txt")
                #expect(note.contains(".mp3, .wav, .m4a, .flac"), "\(note)")
            }
        }
    }
}

/// The way in which phones make a recording with that extension.
private struct PhoneFormat: Sendable {
    var ending: String
    /// ffmpeg's options between input and output.
    var options: [String]
    /// Whether it has video, as from a phone's camera.
    var hasPictures = false

    static let all = [
        // Telegram's voice messages, and WhatsApp's.
        PhoneFormat(ending: "ogg", options: ["-c:a", "libopus", "-b:a", "24k"]),
        PhoneFormat(ending: "oga", options: ["-c:a", "libopus", "-b:a", "32k", "-frame_duration", "60"]),
        PhoneFormat(ending: "opus", options: ["-c:a", "libopus", "-b:a", "16k"]),
        // A browser's MediaRecorder writes no lengths.
        PhoneFormat(ending: "webm", options: ["-c:a", "libopus", "-live", "1"]),
        PhoneFormat(ending: "aac", options: ["-c:a", "aac", "-b:a", "48k"]),
        PhoneFormat(ending: "amr", options: []),
        PhoneFormat(ending: "3gp", options: ["-c:v", "h263", "-c:a", "aac"], hasPictures: true),
        PhoneFormat(ending: "mp4", options: ["-c:v", "mpeg4", "-c:a", "aac"], hasPictures: true),
        PhoneFormat(ending: "mov", options: ["-c:v", "mjpeg", "-c:a", "pcm_s16be"], hasPictures: true),
        PhoneFormat(ending: "wma", options: ["-c:a", "wmav2", "-b:a", "48k"]),
    ]

    func make(of speech: String, in folder: String) async throws -> String {
        let path = "\(folder)/phone.\(ending)"
        if ending == "amr" {
            // Debian's ffmpeg only reads it. At 10.2 kbit/s, without gaps, and with the same dither each time
            // (-R): at sox's 4.75 kbit/s it is chance how many words are heard wrong.
            try await Command.succeed(
                "sox", ["-R", speech, "-r", "8000", "-c", "1", "-C", "6", "-t", "amr-nb", path])
            return path
        }
        let pictures = ["-f", "lavfi", "-i", "testsrc=size=176x144:rate=10", "-shortest"]
        try await Command.succeed(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-y", "-i", speech] + (hasPictures ? pictures : []) + options
                + ["-ac", "1", path])
        return path
    }
}
