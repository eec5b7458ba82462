import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

extension Acceptance {
    /// Audio that has come of age goes to another folder, and its words stay.
    @Suite(.timeLimit(.minutes(3))) struct Archive {
        private static let name = "ali/2026/talk.wav"
        private static let archived = "recording archived"

        private struct Audio: Decodable, Equatable {
            var id: Int
            var audioState: String
        }

        /// About 3 seconds.
        private func settings(_ folder: TemporaryFolder) -> DaemonSettings {
            ["archive.after_days": 0.000_035, "archive.folder": "\(folder.path("archive"))"]
        }

        private func speech(_ daemon: DaemonFixture) async throws -> Data {
            try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
            return try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
        }

        private func audio(_ daemon: DaemonFixture) async throws -> [Audio] {
            try await daemon.rows("SELECT id, audio_state FROM audio_records ORDER BY id")
        }

        private func awaitArchived(_ daemon: DaemonFixture, times: Int = 1) async throws {
            try await daemon.wait(until: "it is archived \(times) times") {
                daemon.events(Self.archived).count == times
            }
        }

        @Test(arguments: Mounts.areAllowed ? [false, true] : [false])
        func itGoesAndIsPlayedEditedPutBackAndDeleted(isOtherDisk: Bool) async throws {
            let folder = try TemporaryFolder()
            let mounts = Mounts()
            defer { mounts.undo() }
            try folder.makeFolder("archive")
            if isOtherDisk { try mounts.tmpfs(folder.path("archive"), "size=16m,mode=0755") }
            try await withDaemon(settings(folder)) { daemon in
                let talk = try await speech(daemon)
                try daemon.write(talk, as: Self.name)
                try #require(chmod(daemon.path(Self.name), 0o640) == 0)
                let before = try #require(daemon.stamp(of: Self.name))
                let words = try await daemon.awaitText(of: Self.name + ".txt")
                try await awaitArchived(daemon)
                #expect(try daemon.names(in: "ali/2026") == ["talk.wav.txt"], daemon.log)
                let copy = folder.path("archive/" + Self.name)
                #expect(FileManager.default.contents(atPath: copy) == talk)
                var after = stat()
                try #require(lstat(copy, &after) == 0)
                #expect(after.st_mode == mode_t(before.mode) && after.st_uid == before.owner)
                #expect((UInt64(after.st_ino) == before.inode) == !isOtherDisk)
                #expect(
                    after.st_mtim.tv_sec * 1_000_000_000 + after.st_mtim.tv_nsec == before.modified)
                try await ask(daemon, talk)

                // A crash and a start change nothing, and what is saved is taken in.
                try await daemon.restart()
                try daemon.write(Data("Mine.\n".utf8), as: Self.name + ".txt")
                try await daemon.awaitEvent("transcript edited in folder")
                #expect(try await audio(daemon) == [Audio(id: 1, audioState: "gone")], daemon.log)
                #expect(words != "Mine.\n")

                // A file that is put back is found again, rests, and is archived once more.
                try daemon.write(talk, as: Self.name)
                try await daemon.wait(until: "it is there again") {
                    try await audio(daemon) == [Audio(id: 1, audioState: "present")]
                }
                #expect(daemon.text(of: Self.name + ".txt") == "Mine.\n")
                try await awaitArchived(daemon, times: 2)
                #expect(daemon.events(DaemonMessage.transcribed).count == 1, daemon.log)
                #expect(daemon.events("recording removed, transcript kept").isEmpty, daemon.log)

                let removal = try await daemon.kotibctl(["rm", "--yes", "1"])
                #expect(removal.end == .exited(0), "\(removal)")
                #expect(try folder.names(in: "archive/ali/2026").isEmpty, daemon.log)
                #expect(try daemon.names(in: "ali/2026").isEmpty, daemon.log)
                #expect(try await daemon.recordings().isEmpty)
            }
        }

        /// A person's view of it.
        private func ask(_ daemon: DaemonFixture, _ talk: Data) async throws {
            for command in [["list"], ["show", "1"]] {
                let answer = try await daemon.kotibctl(command)
                #expect(answer.output.contains("completed, archived"), "\(answer)")
            }
            let file = daemon.scratch + "/heard.wav"
            let whole = try await daemon.request(
                "GET", "/api/v1/audio/1/file", options: ["--output", file])
            #expect(whole.status == 200 && FileManager.default.contents(atPath: file) == talk)
            let part = try await daemon.request(
                "GET", "/api/v1/audio/1/file", options: ["--range", "40-49", "--output", file])
            #expect(part.status == 206 && FileManager.default.contents(atPath: file) == talk[40...49])
            let retry = try await daemon.kotibctl(["retry", "1"])
            #expect(
                retry.end != .exited(0) && retry.errors.contains("put the file back into its folder"),
                "\(retry)")
            #expect(try await daemon.kotibctl(["status"]).end == .exited(0), daemon.log)
        }

        @Test(.enabled(if: Mounts.areAllowed, "mounting needs root"))
        func aFullOrUnmountedArchiveIsToldAndGotOver() async throws {
            let folder = try TemporaryFolder()
            let mounts = Mounts()
            defer { mounts.undo() }
            for name in ["archive", "disk"] { try folder.makeFolder(name) }
            try mounts.tmpfs(folder.path("disk"), "size=64k,mode=0755")
            try mounts.bind(folder.path("disk"), folder.path("archive"))
            try folder.write([UInt8](repeating: 0, count: 48 << 10), to: Array("disk/filler".utf8))
            try await withDaemon(settings(folder)) { daemon in
                let talk = try await speech(daemon)
                try daemon.write(talk, as: "ali/first.wav")
                try await daemon.awaitStatus("it is full") { $0.contains("archive's disk or quota is full") }
                #expect(try Data(contentsOf: URL(filePath: daemon.path("ali/first.wav"))) == talk)
                try SystemError.check("mount", "disk") {
                    mount("none", folder.path("disk"), "tmpfs", UInt(MS_REMOUNT), "size=16m")
                }
                try await awaitArchived(daemon)
                try await daemon.awaitStatus("there is room") { !$0.contains("quota is full") }

                mounts.unmount(folder.path("archive"))
                try daemon.write(SampleAudio.variant(1, of: talk), as: "ali/second.wav")
                try await daemon.awaitStatus("it is away") { $0.contains("archive folder cannot be used") }
                let play = try await daemon.request("GET", "/api/v1/audio/1/file")
                #expect(play.status == 503 && play.headers["retry-after"] == "60", "\(play)")
                let removal = try await daemon.kotibctl(["rm", "--yes", "1"])
                // For everybody at once; in the archive when that is back.
                #expect(removal.end == .exited(0), "\(removal)")
                try await daemon.awaitRow(of: "ali/second.wav", "completed")
                #expect(try folder.names(in: "archive").isEmpty)

                try mounts.bind(folder.path("disk"), folder.path("archive"))
                try await awaitArchived(daemon, times: 2)
                try await daemon.awaitStatus("it is back") { !$0.contains("archive folder cannot be used") }
                try await daemon.awaitStatus("nothing is left to delete") {
                    !$0.contains("files of deleted recordings")
                }
                #expect(try await audio(daemon).map(\.audioState) == ["gone"], daemon.log)
                #expect(try await daemon.request("GET", "/api/v1/audio/1/file").status == 404)
                #expect(try await daemon.request("GET", "/api/v1/audio/2/file").status == 200)
            }
        }
    }
}
