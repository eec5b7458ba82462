import Foundation
import Glibc
import KotibTestSupport
import Testing

/// One user's folder that cannot be reached for a while, or that tells of nothing.
extension Acceptance.Faults {
    /// Root ignores file modes, so the daemon runs as root without the capabilities for that.
    @Test(arguments: [0o000, 0o600] as [mode_t])
    func aFolderThatIsClosedForAWhileLosesNothing(_ mode: mode_t) async throws {
        let launcher = ["/usr/bin/setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        try await withDaemon(remote(), launcher: launcher) { daemon in
            let talk = try await speech(daemon)
            for user in ["alisher", "malika"] {
                try daemon.write(talk, as: "\(user)/talk.wav")
                try await daemon.awaitRow(of: "\(user)/talk.wav", "pending")
            }
            #expect(chmod(daemon.path("alisher"), mode) == 0)
            try await daemon.awaitStatus("the closed folder is told") {
                $0.contains("some folders cannot be read (alisher)")
            }
            try daemon.write(SampleAudio.variant(1, of: talk), as: "alisher/later.wav")
            // Other users are served as before.
            try daemon.write(SampleAudio.variant(2, of: talk), as: "malika/later.wav")
            try await daemon.awaitRow(of: "malika/later.wav", "pending")
            try await daemon.awaitEvent("cannot check whether recordings still exist")
            #expect(try await daemon.recordings(of: "alisher/later.wav").isEmpty, daemon.log)
            #expect(try await audioStates(daemon) == ["present", "present", "present"], daemon.log)

            #expect(chmod(daemon.path("alisher"), 0o755) == 0)
            try await daemon.awaitRow(of: "alisher/later.wav", "pending")
            try await daemon.awaitStatus("nothing is wrong any more") { !$0.contains("cannot be read") }
            #expect(try await audioStates(daemon) == Array(repeating: "present", count: 4), daemon.log)
            #expect(turns(daemon, "some folders cannot be read") == [1, 1], daemon.log)
        }
    }

    /// One folder of the inbox is on a disk of its own.
    @Test func aUsersOwnDiskGoesAndComesBackWithAllThatIsOnIt() async throws {
        let engine = try HeldEngine("Salom dunyo.")
        defer { engine.release() }
        try await withDaemon(engine.settings, starting: false) { daemon in
            let mounts = Mounts()
            defer { mounts.undo() }
            let (disk, place) = (daemon.scratch + "/disk", daemon.path("alisher"))
            for folder in [disk, place] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            }
            try mounts.tmpfs(disk, "size=16m")
            try mounts.bind(disk, place)
            try await daemon.start()
            let talk = try await speech(daemon)
            // Older than the others, and on the disk that stays.
            try daemon.write(talk, as: "malika/older.wav")
            try await daemon.awaitText(of: "malika/older.wav.txt")
            try daemon.write(SampleAudio.variant(1, of: talk), as: "alisher/talk.wav")
            try await daemon.awaitText(of: "alisher/talk.wav.txt")
            engine.hold()
            try daemon.write(SampleAudio.variant(2, of: talk), as: "alisher/heard.wav")
            try await daemon.wait(until: "the engine hears it") { engine.asked == 3 }

            mounts.unmount(place)
            try await daemon.awaitStatus("the disk is away") {
                $0.contains("the file system that some recordings lie on is not mounted")
            }
            engine.release()
            try await daemon.awaitRow(of: "alisher/heard.wav", "completed")
            try "Mening soʻzlarim.\n".write(
                toFile: disk + "/talk.wav.txt", atomically: false, encoding: .utf8)
            try SampleAudio.variant(3, of: talk).write(to: URL(filePath: disk + "/late.wav"))
            try await awaitScans(daemon, 2)
            #expect(try await audioStates(daemon) == ["present", "present", "present"], daemon.log)
            #expect(try daemon.names(in: "alisher").isEmpty, "nothing is put into the bare place")

            try mounts.bind(disk, place)
            try await daemon.awaitText(of: "alisher/heard.wav.txt")
            try await daemon.awaitText(of: "alisher/late.wav.txt")
            try await daemon.wait(until: "the edit is taken in") {
                try await daemon.recordings(of: "alisher/talk.wav").last?.transcriptText
                    == "Mening soʻzlarim."
            }
            try await daemon.awaitStatus("all is well again") { !$0.contains("not mounted") }
            // The folder is watched as before.
            try daemon.write(SampleAudio.variant(4, of: talk), as: "alisher/after.wav")
            try await daemon.awaitText(of: "alisher/after.wav.txt")
            #expect(try await audioStates(daemon) == Array(repeating: "present", count: 5), daemon.log)
            #expect(engine.asked == 5, "each was heard once; \(daemon.story)")
            #expect(turns(daemon, "recordings lie on a file system that is not mounted") == [1, 1])
        }
    }

    @Test(.enabled(if: Mounts.haveFUSE, "there is no /dev/fuse, or no bindfs"))
    func fileSystemWithoutEventsIsPolled() async throws {
        for mode in ["auto", "events"] {
            let settings = remote().merging([
                "watch.mode": "\(mode)", "watch.poll": 0.3, "watch.rescan": 300.0,
            ])
            try await withDaemon(settings, starting: false) { daemon in
                let mounts = Mounts()
                defer { mounts.undo() }
                let elsewhere = daemon.scratch + "/elsewhere"
                for folder in [elsewhere, daemon.path("alisher"), daemon.path("malika")] {
                    try FileManager.default.createDirectory(
                        atPath: folder, withIntermediateDirectories: false)
                }
                try await mounts.fuse(elsewhere, daemon.path("alisher"))
                try await daemon.start()
                let talk = try await speech(daemon)
                // The file is written elsewhere, without an inotify event, as another machine does on a
                // network share.
                try talk.write(to: URL(filePath: elsewhere + "/talk.wav"))
                if mode == "auto" {
                    try await daemon.awaitRow(of: "alisher/talk.wav", "pending")
                    try await daemon.awaitStatus("it is told why") { $0.contains("FUSE") }
                } else {
                    try daemon.write(SampleAudio.variant(1, of: talk), as: "malika/talk.wav")
                    try await daemon.awaitRow(of: "malika/talk.wav", "pending")
                    // Changes that this machine's kernel makes give events there too.
                    try daemon.write(SampleAudio.variant(2, of: talk), as: "alisher/here.wav")
                    try await daemon.awaitRow(of: "alisher/here.wav", "pending")
                    #expect(try await daemon.recordings(of: "alisher/talk.wav").isEmpty, daemon.log)
                }
                let status = try await daemon.request("GET", "/api/v1/status")
                #expect(status["watch", "polled_folders"] == (mode == "auto" ? 1 : 0), "\(status)")
            }
        }
    }

    /// Waits for so many more looks at everything that is recorded.
    private func awaitScans(_ daemon: DaemonFixture, _ count: Int) async throws {
        // Each rescan checks the inbox first, then reports; two rescans of two seconds each.
        try await daemon.elapse(.seconds(2) * count + .milliseconds(500))
    }
}
