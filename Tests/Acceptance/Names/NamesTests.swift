import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

extension Acceptance {
    /// Threats 24 to 28: whatever a name is made of, it is one recording with one text beside it.
    @Suite(.timeLimit(.minutes(5))) struct Names {
        private typealias Bytes = [UInt8]

        /// Every byte that a file system allows in a name.
        private static let everyByte: [[UInt8]] = (UInt8(1)...(.max)).filter { $0 != 0x2F }.map {
            Array("a".utf8) + [$0] + Array("z.wav".utf8)
        }

        private static let special: [[UInt8]] =
            [
                // Looks like an option, like a variable, like a command.
                "-rf.wav", "--help.wav", "$HOME.wav", "`id`.wav", "a;b.wav", " .wav",
                // Both Unicode forms of one name, and names that differ only in case or extension.
                "caf\u{E9}.wav", "cafe\u{301}.wav", "Talk.wav", "talk.wav", "TALK.WAV", "talk.mp3.wav",
            ].map { Array($0.utf8) }
            // Names that are not UTF-8 and would look alike if each invalid byte became U+FFFD; some end
            // within a character.
            + [[0xFF], [0xFE], [0xC3], [0xE2, 0x82]].map { $0 + Array(".wav".utf8) }

        /// Names of one repeated letter, cut to a number of bytes: the longest leave no room for ".txt".
        private static let long: [[UInt8]] = ([5, 100] + Array(247...255)).flatMap { length in
            ["a", "ў", "😀"].map { letter in
                let letters = Array(repeating: Array(letter.utf8), count: 255).joined()
                return Array(letters.prefix(length - 4)) + Array(".wav".utf8)
            }
        }

        @Test func everyNameIsOneRecordingWithItsText() async throws {
            try await withDaemon(["watch.settle": 0.5]) { daemon in
                let names = Set(Self.everyByte + Self.special + Self.long)
                try daemon.makeFolder("alisher")
                for (number, name) in names.enumerated() {
                    try write(Self.silence(number), named: name, in: daemon.path("alisher"))
                }
                try await daemon.wait(until: "all are completed", within: .seconds(120)) {
                    try await states(daemon).count { $0.state == "completed" } >= names.count
                }
                let rows = try await states(daemon)
                #expect(rows.allSatisfy { $0.state == "completed" }, daemon.log)
                let expected = names.map { hex(Array("alisher/".utf8) + $0) }
                #expect(rows.map(\.path).sorted() == expected.sorted())

                // A row is completed a moment before its text is there.
                let found = try await daemon.eventually("every recording has its text") {
                    let found = try list(daemon.path("alisher"))
                    return found.count == 2 * names.count ? found : nil
                }
                let texts = found.subtracting(names)
                let ending = Array(".txt".utf8)
                for name in names where name.count <= 251 {
                    #expect(texts.contains(name + ending), "\(hex(name))")
                }
                #expect(names.contains { $0.count > 251 })
                for text in texts {
                    #expect(text.count <= 255 && text.suffix(4).elementsEqual(ending), "\(hex(text))")
                }
                // Names are cut between characters.
                let cut = texts.filter { !names.contains(Array($0.dropLast(4))) }
                #expect(cut.count == names.count { $0.count > 251 })
                for text in cut {
                    let head = text.prefix { $0 != UInt8(ascii: "~") }
                    let isWhole = String(validating: head, as: UTF8.self) != nil
                    let recording = names.first { $0.count > 251 && $0.starts(with: head) }
                    #expect(isWhole && recording != nil, "\(hex(text))")
                }
                // A line is a line, whatever is in a name.
                #expect(daemon.logLines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })

                let listed = try await daemon.kotibctl(["list", "--user", "alisher", "--limit", "1000"])
                #expect(
                    !listed.output.utf8.contains { $0 == 0x1B || $0 == 0x07 }, "a terminal is not steered")
            }
        }

        /// Clients' own files get neither a recording nor a note; names that merely look like them do.
        @Test func clientFilesAreIgnored() async throws {
            try await withDaemon(["watch.ignore": ["draft-*", "!*.part"]]) { daemon in
                let ignored = [
                    ".DS_Store", "._talk.wav", "Thumbs.db", "desktop.ini", "~$talk.wav", "talk.wav.filepart",
                    "talk.wav.a1b2c3d4.partial", "talk.wav.crdownload", ".talk.wav.Xy12Zz",
                    ".syncthing.talk.wav.tmp", "@eaDir/talk.wav", "talk.wav.download/talk.wav", "draft-1.wav",
                ]
                for (number, name) in ignored.enumerated() {
                    try daemon.write(Data(Self.silence(number)), as: "alisher/\(name)")
                }
                // The setting takes back one that would be: it gets the note that any other such file gets.
                try daemon.write(Data(Self.silence(100)), as: "alisher/notes.part")
                try daemon.write(Data(Self.silence(101)), as: "alisher/~interview.part.wav")
                try await daemon.awaitText(of: "alisher/~interview.part.wav.txt")
                try await daemon.awaitText(of: "alisher/notes.part.rejected.txt")
                try await daemon.terminate()
                // A scan leaves them alone too.
                try await daemon.start()
                try daemon.write(Data(Self.silence(102)), as: "alisher/last.wav")
                try await daemon.awaitText(of: "alisher/last.wav.txt")
                let paths = try await daemon.recordings().map(\.filePath).sorted()
                #expect(paths == ["last.wav", "notes.part", "~interview.part.wav"].map { "alisher/" + $0 })
                let notes = try daemon.names(in: "alisher").filter { $0.hasSuffix(".rejected.txt") }
                #expect(notes == ["notes.part.rejected.txt"])
            }
        }

        // MARK: -

        private struct State: Decodable {
            var path: String
            var state: String
        }

        private func states(_ daemon: DaemonFixture) async throws -> [State] {
            try await daemon.rows(
                "SELECT hex(path) AS path, transcription_status AS state FROM audio_records")
        }

        private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }

        private func write(_ content: [UInt8], named name: [UInt8], in folder: String) throws {
            let path = (Array(folder.utf8) + [0x2F] + name + [0]).map { CChar(bitPattern: $0) }
            let file = OpenFile(
                owning: try SystemError.check("open", hex(name)) {
                    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
                })
            try SystemError.check("write") { Glibc.write(file.descriptor, content, content.count) }
        }

        private func list(_ folder: String) throws -> Set<[UInt8]> {
            let descriptor = try SystemError.check("open", folder) {
                open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
            return Set(try FolderListing(OpenFile(owning: descriptor)).next(.max).map(\.name))
        }

        /// A silent WAV of half a second (16 kHz, mono, 16 bits), made unique by its first 16 samples.
        private static func silence(_ number: Int) -> [UInt8] {
            var samples = [UInt8](repeating: 0, count: 16_000)
            for bit in 0..<16 { samples[2 * bit] = UInt8(number >> bit & 1) }
            func word(_ value: Int, _ size: Int) -> [UInt8] {
                (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) }
            }
            let format =
                word(1, 2) + word(1, 2) + word(16_000, 4) + word(32_000, 4) + word(2, 2) + word(16, 2)
            return Array("RIFF".utf8) + word(36 + samples.count, 4) + Array("WAVEfmt ".utf8) + word(16, 4)
                + format + Array("data".utf8) + word(samples.count, 4) + samples
        }
    }
}
