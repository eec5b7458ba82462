import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Renames and moves with a file manager: the words stay with their recording, and the engine is not
    /// asked again.
    @Suite(.timeLimit(.minutes(5))) struct Moves {
        private static let moved = "recording moved"

        /// - Parameter names: each gets a recording of its own content.
        private func put(_ names: [String], _ daemon: DaemonFixture) async throws {
            try await SampleAudio.speak(to: daemon.scratch + "/a.wav")
            let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/a.wav"))
            for (number, name) in names.enumerated() {
                try daemon.write(SampleAudio.variant(number, of: speech), as: name)
            }
            for name in names {
                try await daemon.awaitRow(of: name, "completed")
                try await daemon.awaitText(of: name + ".txt")
            }
        }

        /// Does it while the daemon runs, or while it does not.
        private func change(
            _ daemon: DaemonFixture, isDown: Bool, _ body: () throws -> Void
        ) async throws {
            // A text that is not registered yet would be somebody else's.
            try await daemon.wait(until: "nothing is due") {
                struct Due: Decodable { var id: Int }
                return try await daemon.rows(
                    "SELECT id FROM audio_records WHERE sidecar_due IS NOT NULL", as: Due.self
                ).isEmpty
            }
            if isDown { try await daemon.terminate() }
            try body()
            if isDown { try await daemon.start() }
        }

        private func numbers(_ rows: [RecordingRow]) -> [String: Int] {
            Dictionary(uniqueKeysWithValues: rows.map { ($0.filePath, $0.id) })
        }

        private func files(_ daemon: DaemonFixture) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: daemon.inbox).sorted()
        }

        @Test(arguments: [false, true])
        func renamesAndMovesTakeRecordAndTextAlong(isDown: Bool) async throws {
            try await withDaemon { daemon in
                let names = ["ali/a.wav", "ali/c.wav", "ali/old/1.wav", "ali/old/2.wav"]
                try await put(names, daemon)
                let before = try await daemon.recordings()
                let texts = names.map { daemon.text(of: $0 + ".txt") }
                // A to a folder and C to A; a folder gets another name.
                try await change(daemon, isDown: isDown) {
                    try daemon.makeFolder("ali/sub")
                    try daemon.move(from: daemon.path("ali/a.wav"), to: "ali/sub/b.wav")
                    try daemon.move(from: daemon.path("ali/c.wav"), to: "ali/a.wav")
                    try daemon.move(from: daemon.path("ali/old"), to: "ali/new")
                }
                let new = ["ali/sub/b.wav", "ali/a.wav", "ali/new/1.wav", "ali/new/2.wav"]
                for (name, text) in zip(new, texts) {
                    try await daemon.wait(until: "the text of \(name) is there") {
                        daemon.text(of: name + ".txt") == text
                    }
                }
                let after = try await daemon.eventually("all have their new paths") {
                    let rows = try await daemon.recordings()
                    return Set(rows.map(\.filePath)) == Set(new) ? rows : nil
                }
                // The watcher may report either of them first.
                let (old, now) = (numbers(before), numbers(after))
                #expect(new.map { now[$0] } == names.map { old[$0] }, daemon.log)
                #expect(after.allSatisfy { $0.transcriptionStatus == "completed" && $0.attempts == 1 })
                try await daemon.wait(until: "nothing is left behind") {
                    try files(daemon)
                        == (["ali", "ali/new", "ali/sub"] + new + new.map { $0 + ".txt" }).sorted()
                }
                // Logged after the files are in place.
                try await daemon.wait(until: "each move is logged") {
                    daemon.events(Self.moved).count >= 4
                }
                #expect(daemon.events(Self.moved).count == 4, daemon.log)
            }
        }

        @Test func aDeletedTextComesBackOnRequestAndADeletedRecordingWithItsFile() async throws {
            try await withDaemon { daemon in
                try await put(["ali/a.wav"], daemon)
                try await change(daemon, isDown: true) { try daemon.remove("ali/a.wav.txt") }
                try await change(daemon, isDown: false) {
                    try daemon.move(from: daemon.path("ali/a.wav"), to: "ali/b.wav")
                }
                try await daemon.awaitRow(of: "ali/b.wav", "completed")
                let row = try #require(try await daemon.recordings().first)
                #expect(try daemon.names(in: "ali") == ["b.wav"], daemon.log)
                try await change(daemon, isDown: false) {
                    try daemon.move(from: daemon.path("ali/b.wav"), to: "../scratch/kept.wav")
                }
                _ = try await daemon.awaitEvent("recording removed, transcript kept")
                try daemon.drop(daemon.scratch + "/kept.wav", as: "ali/c.wav")
                let text = try await daemon.awaitText(of: "ali/c.wav.txt")
                #expect(text == row.transcriptText.map { $0 + "\n" }, daemon.log)
                #expect(try await daemon.recordings().map(\.id) == [row.id], daemon.log)
                #expect(daemon.events(DaemonMessage.transcribed).count == 1, daemon.log)
            }
        }

        @Test func replacedContentIsAnotherRecordingWithTheOldWordsAsEarlierOnes() async throws {
            try await withDaemon { daemon in
                try await put(["ali/a.wav"], daemon)
                try daemon.write(Data("Corrected.\n".utf8), as: "ali/a.wav.txt")
                _ = try await daemon.awaitEvent("transcript edited in folder")
                try daemon.drop(daemon.installation.sample("jfk"), as: "ali/a.wav")
                let new = try await daemon.eventually("it has words") {
                    let row = try await daemon.recordings(of: "ali/a.wav").last
                    return row?.transcriptionStatus == "completed" && row?.id != 1 ? row : nil
                }
                #expect(WordErrorRate.of(new.transcriptText ?? "", against: Said.jfk) <= 0.1, daemon.log)
                let list = try await daemon.kotibctl(["show", String(new.id), "--revisions"])
                #expect(list.output.contains("Corrected."), "\(list)")
                // A person's file is never overwritten.
                try await daemon.awaitText(of: "ali/a.wav.kotib.txt")
                #expect(daemon.text(of: "ali/a.wav.txt") == "Corrected.\n")
            }
        }
    }
}
