import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// Faults of the folder and the disks: told by `kotibctl status`, got over without a restart, nothing
    /// lost.
    @Suite(.timeLimit(.minutes(3)), .enabled(if: Mounts.areAllowed, "mounting needs root"))
    struct Faults {
        @Test func aFileSystemThatIsUnmountedTakesNoRecordingAlong() async throws {
            try await withDaemon(remote(), starting: false) { daemon in
                let mounts = Mounts()
                defer { mounts.undo() }
                let disk = daemon.scratch + "/disk"
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
                try mounts.tmpfs(disk, "size=16m")
                try mounts.bind(disk, daemon.inbox)
                try await daemon.start()
                let talk = try await speech(daemon)
                try daemon.write(talk, as: "alisher/talk.wav")
                try await daemon.awaitRow(of: "alisher/talk.wav", "pending")

                mounts.unmount(daemon.inbox)
                try await daemon.awaitStatus("1 folders, another in the inbox's place") {
                    $0.contains("another folder stands in the inbox's place")
                }
                #expect(try await audioStates(daemon) == ["present"], daemon.log)

                try mounts.bind(disk, daemon.inbox)
                try daemon.write(SampleAudio.variant(1, of: talk), as: "alisher/later.wav")
                try await daemon.awaitRow(of: "alisher/later.wav", "pending")
                #expect(try await audioStates(daemon) == ["present", "present"], daemon.log)
            }
        }

        @Test func aFullStateDiskHoldsIntakeUpUntilItIsFreed() async throws {
            try await withDaemon(remote(), starting: false) { daemon in
                let mounts = Mounts()
                defer { mounts.undo() }
                try mounts.tmpfs(daemon.stateFolder, "size=12m,mode=0700")
                try await daemon.start()
                let talk = try await speech(daemon)
                try fill(daemon.stateFolder + "/filler")
                for number in 0..<3 {
                    try daemon.write(SampleAudio.variant(number, of: talk), as: "alisher/\(number).wav")
                }
                try await daemon.awaitStatus("the catalog is full") {
                    $0.contains("the catalog's disk is full")
                }
                let json = try await daemon.kotibctl(["status", "--json"])
                #expect(json.end == .exited(1) && json.output.contains("\"degraded\""), "\(json.output)")
                #expect(try await daemon.recordings().isEmpty, daemon.log)

                unlink(daemon.stateFolder + "/filler")
                for number in 0..<3 { try await daemon.awaitRow(of: "alisher/\(number).wav", "pending") }
                try await daemon.awaitStatus("the catalog is not full") {
                    !$0.contains("the catalog's disk is full")
                }
            }
        }

        @Test func aReadOnlyInboxGetsItsNotesWhenItCanBeWritten() async throws {
            try await withDaemon(remote(), starting: false) { daemon in
                let mounts = Mounts()
                defer { mounts.undo() }
                try mounts.tmpfs(daemon.inbox, "size=1m")
                try await daemon.start()
                try daemon.write(Data("no audio".utf8), as: "alisher/text.wav")
                try await daemon.awaitText(of: "alisher/text.wav.rejected.txt")
                try daemon.write(Data("no audio either".utf8), as: "alisher/other.wav")
                try mounts.remount(daemon.inbox, readOnly: true)
                try await daemon.awaitStatus("the inbox is read-only") {
                    $0.contains("the inbox is read-only")
                }
                try mounts.remount(daemon.inbox, readOnly: false)
                try await daemon.awaitText(of: "alisher/other.wav.rejected.txt")
                try await daemon.awaitStatus("all is well again") { !$0.contains("read-only") }

                try fill(daemon.inbox + "/alisher/filler.tmp")
                try daemon.write(Data(), as: "alisher/third.wav")
                try await daemon.awaitStatus("the inbox is full") { $0.contains("disk or quota is full") }
                unlink(daemon.inbox + "/alisher/filler.tmp")
                try await daemon.awaitText(of: "alisher/third.wav.rejected.txt")
                try await daemon.awaitStatus("there is room again") { !$0.contains("quota is full") }
            }
        }

        /// A user namespace has limits of its own (namespaces(7)), which can be lowered and raised for one
        /// daemon.
        @Test(arguments: [("watches", 2), ("instances", 0)])
        func tooFewWatchesAreToldAndMadeUpFor(_ kind: String, _ limit: Int) async throws {
            let own = ["--user", "--map-root-user"]
            guard try await Command.run("unshare", own + ["true"]).end == .exited(0) else { return }
            let file = "/proc/sys/user/max_inotify_\(kind)"
            let launcher =
                ["/usr/bin/unshare"] + own + ["/bin/sh", "-c", "echo \(limit) >\(file) && exec \"$@\"", "sh"]
            let settings = remote().merging(["watch.poll": 0.3])
            try await withDaemon(settings, launcher: launcher) { daemon in
                let talk = try await speech(daemon)
                for user in ["a", "b", "c"] { try daemon.write(talk, as: "\(user)/talk.wav") }
                for user in ["a", "b", "c"] { try await daemon.awaitRow(of: "\(user)/talk.wav", "pending") }
                try await daemon.awaitStatus("the limit is told") {
                    $0.contains("fs.inotify.max_user_\(kind)")
                }
                try await Command.succeed(
                    "nsenter",
                    ["--user", "--target", String(daemon.pid), "/bin/sh", "-c", "echo 1000 >\(file)"])
                try await daemon.awaitStatus("the limit is no problem any more") {
                    !$0.contains("fs.inotify.max_user_\(kind)")
                }
                let watch = try await daemon.request("GET", "/api/v1/status")
                #expect(watch["watch", "watched_folders"] == 4, "\(watch)")
                try daemon.write(SampleAudio.variant(1, of: talk), as: "c/later.wav")
                try await daemon.awaitRow(of: "c/later.wav", "pending")
            }
        }

        @Test func pollingModeAcceptsRecordings() async throws {
            var settings = remote()
            settings = settings.merging(["watch.mode": "poll", "watch.poll": 0.3])
            try await withDaemon(settings) { daemon in
                let talk = try await speech(daemon)
                try daemon.write(talk, as: "alisher/2026/talk.wav")
                try await daemon.awaitRow(of: "alisher/2026/talk.wav", "pending")
                let watch = try await daemon.request("GET", "/api/v1/status")
                #expect(
                    watch["watch", "mode"] == "poll" && watch["watch", "watched_folders"] == 0, "\(watch)")
                #expect(watch["watch", "polled_folders"] == 3, "\(watch)")
            }
        }
    }
}
