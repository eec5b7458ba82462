import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    @Suite(.timeLimit(.minutes(5))) struct Words {
        /// The tolerated word error rate, 10 %: the model makes one to four errors in 119 words (two_cities),
        /// and others on other machines.
        private let tolerated = 0.10

        @Test(arguments: [("two_cities", Said.twoCities, 44.4), ("jfk", Said.jfk, 11.0)])
        func realSpeechBecomesItsWords(sample: String, said: String, seconds: Double) async throws {
            try await withDaemon(["local.language": ""]) { daemon in
                let source = try daemon.installation.sample(sample)
                try daemon.drop(source, as: "alisher/talk.wav")
                let text = try await daemon.awaitText(of: "alisher/talk.wav.txt", within: .seconds(120))
                let rate = WordErrorRate.of(text, against: said)
                #expect(rate <= tolerated, "\(text)\n\(daemon.story)")

                let row = try await daemon.awaitRow(of: "alisher/talk.wav", "completed")
                #expect(row.transcriptText.map { $0 + "\n" } == text)
                #expect(row.originalFilename == "talk.wav")
                #expect(row.fileSize == daemon.stamp(of: "alisher/talk.wav")?.size)
                #expect(abs(try #require(row.duration) - seconds) < 0.5)
                try await checkLog(daemon, row)
            }
        }

        /// The log line about one recording.
        private func checkLog(_ daemon: DaemonFixture, _ row: RecordingRow) async throws {
            let event = try await daemon.awaitEvent(DaemonMessage.transcribed, where: ["file": row.filePath])
            #expect(event["recording"] == String(row.id))
            #expect(event["user"] == "alisher")
            #expect(event["size"] == String(row.fileSize))
            #expect(event["engine"] == "local")
            #expect(event["model"]?.contains("base") == true, daemon.log)
            for name in ["duration", "seconds", "real_time_factor", "speech"] {
                let value = try #require(event[name].flatMap(Double.init), "\(name)\n\(daemon.story)")
                #expect(value > 0, "\(name)")
            }
        }

        @Test(arguments: ["mp3", "m4a", "flac"])
        func everyFormatHasTheSameWords(format: String) async throws {
            try await withDaemon { daemon in
                let converted = daemon.scratch + "/jfk." + format
                try await SampleAudio.convert(daemon.installation.sample("jfk"), to: converted)
                try daemon.drop(converted, as: "alisher/jfk.\(format)")
                let text = try await daemon.awaitText(of: "alisher/jfk.\(format).txt")
                #expect(WordErrorRate.of(text, against: Said.jfk) <= tolerated, "\(text)\n\(daemon.story)")
                let row = try await daemon.awaitRow(of: "alisher/jfk.\(format)", "completed")
                #expect(abs(try #require(row.duration) - 11) < 0.5, daemon.log)
            }
        }

        /// With too short a context, Whisper repeats such a phrase.
        @Test func aShortPhraseComesOnce() async throws {
            try await withDaemon { daemon in
                for number in ["one", "three", "five"] {
                    let path = "alisher/\(number).wav"
                    try await SampleAudio.speak(
                        "recording number \(number) is ready", to: daemon.scratch + "/a.wav")
                    try daemon.drop(daemon.scratch + "/a.wav", as: path)
                    let text = try await daemon.awaitText(of: path + ".txt").lowercased()
                    #expect(text.components(separatedBy: "ready").count == 2, "\(text)\n\(daemon.story)")
                }
            }
        }

        /// "Check. One two." stands for what is said again and again.
        @Test func repetitionsAreTranscribedCompletelyAndReproducibly() async throws {
            try await withDaemon(["queue.reuse": "none"]) { daemon in
                try await SampleAudio.speak(
                    """
                    Check. Check. Check. One two. One two. Check. Check. One two. Check. Check. One two. One two. Check. \
                    Check. One two. Check.
                    """, to: daemon.scratch + "/test.wav")
                var texts: Set<String> = []
                for number in 1...4 {
                    try daemon.drop(daemon.scratch + "/test.wav", as: "alisher/\(number).wav")
                    texts.insert(
                        try await daemon.awaitText(of: "alisher/\(number).wav.txt", within: .seconds(60)))
                    try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/between-\(number).wav")
                    _ = try await daemon.awaitText(of: "alisher/between-\(number).wav.txt")
                }
                #expect(texts.count == 1, "\(texts)")
                let words = texts.first?.split { !$0.isLetter && !$0.isNumber } ?? []
                #expect(words.count == 22, "\(texts)")
            }
        }

        @Test func soundWithoutWordsHasANoteBesideItsEmptyText() async throws {
            try await withDaemon { daemon in
                try await SampleAudio.noise(seconds: 3, to: daemon.scratch + "/noise.wav")
                try daemon.drop(daemon.scratch + "/noise.wav", as: "alisher/noise.wav")
                let note = try await daemon.awaitText(of: "alisher/noise.wav.note.txt")
                #expect(
                    try daemon.names(in: "alisher") == ["noise.wav", "noise.wav.note.txt", "noise.wav.txt"])
                #expect(note.hasPrefix("No speech was heard in this recording") && note.hasSuffix(".\n"))
                let row = try await daemon.awaitRow(of: "alisher/noise.wav", "completed")
                #expect(row.transcriptText == "")
                let event = try await daemon.awaitEvent(
                    DaemonMessage.transcribed, where: ["file": row.filePath])
                #expect(event["warnings"] == "no_speech_heard")
            }
        }

        @Test func theTranscriptIsAPlainTextFileOfTheFoldersOwner() async throws {
            try await withDaemon { daemon in
                try daemon.makeFolder("alisher")
                // Only root can give a folder away; otherwise the folder belongs to the user of the test.
                let owner: uid_t = geteuid() == 0 ? 65_534 : geteuid()
                #expect(chown(daemon.path("alisher"), owner, gid_t.max) == 0)
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                try daemon.drop(daemon.scratch + "/talk.wav", as: "alisher/talk.wav")
                let text = try await daemon.awaitText(of: "alisher/talk.wav.txt")
                #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
                let data = try #require(
                    FileManager.default.contents(atPath: daemon.path("alisher/talk.wav.txt")))
                #expect(String(validating: data, as: UTF8.self) != nil)

                let stamp = try #require(daemon.stamp(of: "alisher/talk.wav.txt"))
                #expect(stamp.mode & UInt32(S_IFMT) == UInt32(S_IFREG))
                #expect(stamp.mode & 0o600 == 0o600, "its owner reads and writes it")
                #expect(stamp.mode & 0o113 == 0, "nobody runs it, not everybody writes it")
                #expect(stamp.owner == owner)
                #expect(try daemon.names(in: "alisher") == ["talk.wav", "talk.wav.txt"])
            }
        }
    }
}

/// The words of the sample recordings.
enum Said {
    static let jfk = """
        And so, my fellow Americans: ask not what your country can do for you, ask what you can do for your country.
        """

    /// Charles Dickens, A Tale of Two Cities (1859), the first sentence, as it is read there.
    static let twoCities = """
        It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, \
        it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of \
        Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing \
        before us, we were all going direct to Heaven, we were all going direct the other way--in short, the period \
        was so far like the present period, that some of its noisiest authorities insisted on its being received, for \
        good or for evil, in the superlative degree of comparison only.
        """
}
