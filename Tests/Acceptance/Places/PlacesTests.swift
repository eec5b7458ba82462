import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// Wherever below the inbox a recording turns up, and however it got there, it becomes one transcript.
    @Suite(.timeLimit(.minutes(5))) struct Places {
        @Test func aFolderMadeAfterTheStart() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "malika/talk.wav")
                try await expectOne(daemon, "malika/talk.wav")
                let folders: [Folder] = try await daemon.rows(
                    "SELECT CAST(folder AS TEXT) AS folder FROM users")
                #expect(folders.map(\.folder) == ["malika"])
            }
        }

        private struct Folder: Decodable { var folder: String }

        @Test func aSubfolderOfAnyDepth() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/2026/november/talk.wav")
                try await expectOne(daemon, "alisher/2026/november/talk.wav")
            }
        }

        @Test func aTreeThatIsMovedIn() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try FileManager.default.createDirectory(
                    atPath: daemon.scratch + "/tree/deep", withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: talk, toPath: daemon.scratch + "/tree/a.wav")
                try FileManager.default.copyItem(atPath: talk, toPath: daemon.scratch + "/tree/deep/b.wav")
                try daemon.makeFolder("alisher")
                try daemon.move(from: daemon.scratch + "/tree", to: "alisher/tree")
                try await expectOne(daemon, "alisher/tree/a.wav")
                try await expectOne(daemon, "alisher/tree/deep/b.wav")
            }
        }

        @Test func aFileThatWasThereBeforeTheStart() async throws {
            try await withDaemon(starting: false) { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/talk.wav")
                try await daemon.start()
                try await expectOne(daemon, "alisher/talk.wav")
            }
        }

        @Test func aFileThatCameWhileTheDaemonWasDown() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/first.wav")
                try await expectOne(daemon, "alisher/first.wav")
                try await daemon.terminate()
                try daemon.drop(talk, as: "alisher/second.wav")
                try await daemon.start()
                try await expectOne(daemon, "alisher/second.wav")
                #expect(
                    daemon.events(DaemonMessage.accepted, where: ["file": "alisher/first.wav"]).count == 1)
            }
        }

        @Test func aRenameFromATemporaryName() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon, "mp3")
                try daemon.drop(talk, as: "alisher/talk.mp3.part")
                try daemon.move(from: daemon.path("alisher/talk.mp3.part"), to: "alisher/talk.mp3")
                try await expectOne(daemon, "alisher/talk.mp3")
            }
        }

        /// OpenSSH's plain RENAME: the new name sees only a CREATE, and two names for an instant.
        @Test func aRenameByLinkAndUnlink() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/talk.wav.filepart")
                let (old, new) = (daemon.path("alisher/talk.wav.filepart"), daemon.path("alisher/talk.wav"))
                #expect(link(old, new) == 0)
                #expect(unlink(old) == 0)
                try await expectOne(daemon, "alisher/talk.wav")
            }
        }

        @Test func aSlowWriterMakesOneRecording() async throws {
            try await withDaemon(["watch.settle": 1.5]) { daemon in
                let talk = try Data(contentsOf: URL(filePath: await speech(daemon)))
                try daemon.makeFolder("alisher")
                for piece in stride(from: 0, to: talk.count, by: talk.count / 6 + 1) {
                    try daemon.append(
                        talk[piece..<min(piece + talk.count / 6 + 1, talk.count)], to: "alisher/talk.wav")
                    try await daemon.elapse(.milliseconds(400))
                }
                try await expectOne(daemon, "alisher/talk.wav")
                #expect(
                    daemon.events(DaemonMessage.accepted).first?["size"] == String(talk.count), daemon.log)
            }
        }

        @Test func theSameNameWithNewContentIsTranscribedAnew() async throws {
            try await withDaemon { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/talk.wav")
                let first = try await daemon.awaitText(of: "alisher/talk.wav.txt")
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/talk.wav")
                try await daemon.wait(until: "the transcript is of the new recording") {
                    guard let text = daemon.text(of: "alisher/talk.wav.txt"), text != first else {
                        return false
                    }
                    return WordErrorRate.of(text, against: Said.jfk) <= 0.1
                }
                #expect(try daemon.names(in: "alisher") == ["talk.wav", "talk.wav.txt"])
            }
        }

        /// The text is the first one's, corrections too, and the engine heard nothing.
        @Test func theSameRecordingTwiceIsHeardOnce() async throws {
            try await withDaemon(["queue.reuse": "own"]) { daemon in
                let talk = try await speech(daemon)
                try daemon.drop(talk, as: "alisher/talk.wav")
                let words = try await daemon.awaitText(of: "alisher/talk.wav.txt")
                try daemon.drop(talk, as: "alisher/copies/again.wav")
                #expect(try await daemon.awaitText(of: "alisher/copies/again.wav.txt") == words)
                try await expectOne(daemon, "alisher/copies/again.wav")
                #expect(daemon.events(DaemonMessage.transcribed).count == 1, daemon.log)
                // The recording of another user is a separate one.
                try daemon.drop(talk, as: "malika/talk.wav")
                try await daemon.awaitText(of: "malika/talk.wav.txt")
                #expect(daemon.events(DaemonMessage.transcribed).count == 2, daemon.log)
            }
        }

        private func speech(_ daemon: DaemonFixture, _ format: String = "wav") async throws -> String {
            let path = daemon.scratch + "/speech.wav"
            try await SampleAudio.speak(to: path)
            guard format != "wav" else { return path }
            try await SampleAudio.convert(path, to: daemon.scratch + "/speech." + format)
            return daemon.scratch + "/speech." + format
        }

        /// One row, one acceptance, one transcript, no note.
        private func expectOne(_ daemon: DaemonFixture, _ path: String) async throws {
            try await daemon.awaitText(of: path + ".txt")
            try await daemon.awaitRow(of: path, "completed")
            #expect(try await daemon.recordings(of: path).count == 1, daemon.log)
            #expect(daemon.events(DaemonMessage.accepted, where: ["file": path]).count == 1, daemon.log)
            #expect(daemon.events(DaemonMessage.refused).isEmpty, daemon.log)
            #expect(daemon.stamp(of: path + ".rejected.txt") == nil)
        }
    }
}
