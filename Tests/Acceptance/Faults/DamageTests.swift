import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance.Faults {
    /// Said while it runs, an end that systemd does not repeat, and a rebuild that hears nothing again.
    @Test func aDamagedCatalogIsSaidAndMadeAnew() async throws {
        try await withDaemon { daemon in
            try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
            try await daemon.awaitText(of: "alisher/jfk.wav.txt")
            try daemon.write(Data("corrected by hand\n".utf8), as: "alisher/jfk.wav.txt")
            try await daemon.wait(until: "the words are taken in") {
                try await daemon.recordings().first?.transcriptText == "corrected by hand"
            }
            try await daemon.terminate()
            try await daemon.start()
            try damage(daemon)
            try daemon.write(Data("no audio".utf8), as: "malika/notes.pdf")
            try await daemon.awaitStatus("the damage is said") { $0.contains("kotibd --rebuild") }
            let status = try await daemon.request("GET", "/api/v1/status")
            #expect(status.status == 200 && status["state"] == "degraded", "\(status)")
            try await daemon.kill()
            let wal = daemon.stateFolder + "/kotib.sqlite-wal"
            unlink(wal)

            let program = daemon.installation.program("kotibd")
            let start = try await Command.run(
                program, ["--config", daemon.configurationFile], environment: daemon.environment)
            #expect(start.end == .exited(65) && start.errors.contains("kotibd --rebuild"), "\(start)")
            let rebuild = try await Command.run(
                program, ["--config", daemon.configurationFile, "--rebuild"],
                environment: daemon.environment)
            #expect(rebuild.end == .exited(0), "\(rebuild)")
            #expect(rebuild.output.contains(".damaged-"), "\(rebuild)")
            // The backup of the first start knew of nothing.
            try await daemon.start()
            let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
            #expect(row.transcriptText == "corrected by hand" && row.attempts == 0, daemon.log)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: daemon.inbox + "/alisher").sorted()
                    == ["jfk.wav", "jfk.wav.txt"])
            #expect(try await daemon.request("GET", "/api/v1/status")["state"] == "ok", daemon.log)
        }
    }

    /// The damaged catalog is not replaced by an empty one, and its backup is not overwritten.
    @Test func aCatalogThatIsGoneIsMadeAnewOfItsBackup() async throws {
        try await withDaemon { daemon in
            try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
            try await daemon.awaitText(of: "alisher/jfk.wav.txt")
            let words = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed").transcriptText
            try await daemon.terminate()
            let backup = daemon.stateFolder + "/kotib.sqlite.backup"
            unlink(backup)
            try await daemon.start()
            try await daemon.wait(until: "it is backed up") { FileManager.default.fileExists(atPath: backup) }
            try await daemon.terminate()
            truncate(daemon.stateFolder + "/kotib.sqlite", 0)

            let program = daemon.installation.program("kotibd")
            let start = try await Command.run(
                program, ["--config", daemon.configurationFile], environment: daemon.environment)
            #expect(start.end == .exited(65), "\(start)")
            #expect(start.errors.contains("kotibd --rebuild") && start.errors.contains(backup), "\(start)")
            let rebuild = try await Command.run(
                program, ["--config", daemon.configurationFile, "--rebuild"],
                environment: daemon.environment)
            #expect(rebuild.end == .exited(0) && rebuild.output.contains("sessions were ended"), "\(rebuild)")
            try await daemon.start()
            let row = try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
            #expect(row.transcriptText == words, daemon.log)
        }
    }

    /// Overwrites all pages but the first, so that nothing can be read.
    private func damage(_ daemon: DaemonFixture) throws {
        let file = daemon.stateFolder + "/kotib.sqlite"
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
        let descriptor = open(file, O_RDWR)
        defer { close(descriptor) }
        let rubbish = [UInt8](repeating: 0xA5, count: 4096)
        for page in 1..<size / 4096 { pwrite(descriptor, rubbish, 4096, off_t(page * 4096)) }
    }
}
