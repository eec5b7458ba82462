import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

/// The disk of the catalog takes nothing while words are on their way to it.
extension Acceptance.Faults {
    enum CatalogFault: String, CaseIterable, Sendable {
        case full
        /// The file system is read-only, as ext4 becomes after an error. The kernel refuses to remount a file
        /// system with open files (EBUSY, mount(2)), so Tests/Tools/read_only.c simulates it.
        case readOnly
    }

    /// The words are written once the disk takes them again, and the engine is not asked a second time.
    @Test(arguments: CatalogFault.allCases)
    func wordsWaitForACatalogThatCannotBeWritten(_ fault: CatalogFault) async throws {
        // More than a log of SQLite's may have room for without growing.
        let words = Array(repeating: "salom dunyo", count: 150_000).joined(separator: " ")
        let engine = try HeldEngine(words)
        defer { engine.release() }
        let tool = try TemporaryFolder()
        let (library, switchFile) = (tool.path("read_only.so"), tool.path("on"))
        try await Command.succeed(
            "cc",
            ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library]
                + [Repository.file("Tests/Tools/read_only.c"), "-ldl"])
        let launcher = ["/usr/bin/env", "LD_PRELOAD=\(library)", "KOTIB_TEST_READ_ONLY=\(switchFile)"]
        let settings = engine.settings.merging(["queue.jobs": 1])
        try await withDaemon(settings, launcher: launcher, starting: false) { daemon in
            let mounts = Mounts()
            defer { mounts.undo() }
            try mounts.tmpfs(daemon.stateFolder, "size=96m,mode=0700")
            try await daemon.start()
            let talk = try await speech(daemon)
            engine.hold()
            try daemon.write(talk, as: "alisher/talk.wav")
            try await daemon.wait(until: "the engine hears it") { engine.asked == 1 }

            switch fault {
            case .full: try fill(daemon.stateFolder + "/filler")
            // The file is made read-only through a symbolic link.
            case .readOnly: #expect(symlink(daemon.stateFolder, switchFile) == 0)
            }
            engine.release()
            let sentence =
                fault == .full ? "the catalog's disk is full" : "the catalog cannot be written"
            try await daemon.awaitStatus("the catalog waits") { $0.contains(sentence) }
            for number in 1...2 {
                try daemon.write(SampleAudio.variant(number, of: talk), as: "malika/\(number).wav")
            }
            // The second try came after one second, the third after two more.
            try await daemon.elapse(.seconds(4))
            #expect(engine.asked == 1, daemon.log)
            #expect(try await daemon.recordings().map(\.transcriptionStatus) == ["processing"], daemon.log)
            let json = try await daemon.kotibctl(["status", "--json"])
            #expect(json.end == .exited(1) && json.output.contains("\"degraded\""), "\(json.output)")

            unlink(fault == .full ? daemon.stateFolder + "/filler" : switchFile)
            let text = try await daemon.awaitText(of: "alisher/talk.wav.txt")
            #expect(text == words + "\n")
            for number in 1...2 { try await daemon.awaitText(of: "malika/\(number).wav.txt") }
            try await daemon.awaitStatus("all is well again") { !$0.contains(sentence) }
            #expect(engine.asked == 3, "each was heard once; \(daemon.story)")
            #expect(try await daemon.recordings().allSatisfy { $0.attempts == 1 }, daemon.log)
            let check = try await Command.succeed(
                "sqlite3", ["-readonly", daemon.stateFolder + "/kotib.sqlite", "PRAGMA integrity_check"])
            #expect(check == "ok\n")
        }
    }

    /// Connections that are open go on; a new one cannot be opened, and does not read another file.
    @Test(arguments: [false, true])
    func aCatalogThatIsRemovedOrReplacedIsToldToWhoSearches(isReplaced: Bool) async throws {
        let engine = try HeldEngine("salom dunyo")
        defer { engine.release() }
        try await withDaemon(engine.settings) { daemon in
            try daemon.write(try await speech(daemon), as: "alisher/talk.wav")
            try await daemon.awaitText(of: "alisher/talk.wav.txt")
            let (file, other) = (daemon.stateFolder + "/kotib.sqlite", daemon.stateFolder + "/other")
            if isReplaced {
                try await Command.succeed("sqlite3", [other, "CREATE TABLE other (x)"])
                #expect(rename(other, file) == 0)
            } else {
                unlink(file)
            }
            let found = try await daemon.kotibctl(["search", "salom"])
            #expect(found.end == .exited(75) && found.errors.contains("The catalog cannot"), "\(found)")
            try await daemon.awaitStatus("the loss is told") { $0.contains("kotib.sqlite") }
            // The backup of the stop has also the rows written after the first one.
            let backup = daemon.stateFolder + "/kotib.sqlite.backup"
            try await daemon.wait(until: "it is backed up") {
                daemon.logLines.contains { $0.contains("open catalog backed up") }
            }
            let late = SampleAudio.variant(1, of: try await speech(daemon))
            try daemon.write(late, as: "alisher/late.wav")
            try await daemon.awaitText(of: "alisher/late.wav.txt")
            _ = try await daemon.terminate()
            let count = try await Command.succeed(
                "sqlite3", ["-readonly", backup, "SELECT count(*) FROM transcript_revisions"])
            #expect(count == "2\n", daemon.log)
        }
    }

    /// A start that cannot be says so, in a way that systemd tries again, and takes up everything when it
    /// can.
    @Test func aReadOnlyDiskIsToldAtTheStart() async throws {
        try await withDaemon(remote(), starting: false) { daemon in
            let mounts = Mounts()
            defer { mounts.undo() }
            try mounts.tmpfs(daemon.stateFolder, "size=16m,mode=0700")
            try mounts.tmpfs(daemon.inbox, "size=16m")
            try await daemon.start()
            let talk = try await speech(daemon)
            try daemon.write(talk, as: "alisher/talk.wav")
            try await daemon.awaitRow(of: "alisher/talk.wav", "pending")
            // The kernel itself sees to it that this does not happen to a daemon that runs.
            let refusal = #expect(throws: SystemError.self) {
                try mounts.remount(daemon.stateFolder, readOnly: true)
            }
            #expect(refusal?.code == EBUSY)
            try await daemon.terminate()
            try mounts.remount(daemon.stateFolder, readOnly: true)
            try daemon.write(SampleAudio.variant(1, of: talk), as: "alisher/later.wav")

            let start = try await Command.run(
                daemon.installation.program("kotibd"), ["--config", daemon.configurationFile],
                environment: [:])
            #expect(
                start.errors.contains("\(daemon.stateFolder) lies on a read-only file system"),
                "\(start.errors)")
            // EX_CANTCREAT. After EX_USAGE and EX_CONFIG systemd would leave it (kotibd.service).
            #expect(start.end == .exited(73), "\(start.end)")

            try mounts.remount(daemon.stateFolder, readOnly: false)
            // A read-only inbox is no reason not to begin: recordings can be taken, and texts wait.
            try mounts.remount(daemon.inbox, readOnly: true)
            try await daemon.start()
            try await daemon.awaitRow(of: "alisher/later.wav", "pending")
            #expect(try await audioStates(daemon) == ["present", "present"], daemon.log)
        }
    }
}
