import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// The folder as people reach it from other machines. Only root may start these servers and make
    /// accounts.
    @Suite(.timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "needs root")) struct Shares {
        private let anna = ShareGround.anna
        private let boris = ShareGround.boris
        private let rustam = ShareGround.rustam

        /// With the permissions of the shipped systemd unit.
        @Test func samba() async throws {
            try await ShareGround.with(asShipped: true) { ground in
                try await prepareTalks(ground, 3)
                try await ground.samba { port in
                    try expectGood(
                        await ground.smbclient(
                            port, anna,
                            """
                            put talk0.wav talk.wav; put talk1.wav renamed.wav.part; \
                            rename renamed.wav.part renamed.wav; mkdir deep; cd deep; put talk2.wav talk.wav
                            """))
                    for name in ["talk.wav", "renamed.wav", "deep/talk.wav"] {
                        try await expectOne(ground, "\(anna)/\(name)")
                    }
                    // The share's user reads, changes and deletes the texts.
                    try expectGood(
                        await ground.smbclient(
                            port, anna, "prompt off; mget *.txt; cd deep; get talk.wav.txt deep.txt"))
                    for name in ["talk.wav.txt", "renamed.wav.txt", "deep.txt"] {
                        #expect(try text(ground, name).contains("answer"), "\(name)")
                    }
                    try "My own words.\n".write(
                        toFile: ground.folder + "/mine.txt", atomically: false, encoding: .utf8)
                    try expectGood(
                        await ground.smbclient(
                            port, anna,
                            "put mine.txt talk.wav.txt; del renamed.wav.txt; cd deep; del talk.wav.txt"))
                    try await expectEdited(ground, "\(anna)/talk.wav")
                    #expect(ground.daemon.stamp(of: "\(anna)/renamed.wav.txt") == nil)
                    #expect(ground.daemon.stamp(of: "\(anna)/deep/talk.wav.txt") == nil)
                    // Each user's share is their own folder.
                    let other = try await ground.smbclient(port, boris, "ls; cd ../\(anna); ls")
                    #expect(!other.output.contains("talk.wav"), "\(other.output)")
                    #expect(try ground.daemon.names(in: boris).isEmpty)
                }
                expectNoNotes(ground)
            }
        }

        /// Names that differ only in case are created by SFTP or on the server itself. Samba shows both, with
        /// their texts, each under its own name (threat 28).
        @Test func namesThatDifferInCaseOverSamba() async throws {
            try await ShareGround.with { ground in
                let daemon = ground.daemon
                try await SampleAudio.speak(to: daemon.scratch + "/a.wav")
                try await SampleAudio.speak("The weather was good.", to: daemon.scratch + "/b.wav")
                try daemon.drop(daemon.scratch + "/a.wav", as: "\(anna)/Talk.wav")
                try daemon.drop(daemon.scratch + "/b.wav", as: "\(anna)/talk.wav")
                for name in ["Talk.wav", "talk.wav"] { try await expectOne(ground, "\(anna)/\(name)") }
                try await ground.samba { port in
                    try expectGood(
                        await ground.smbclient(
                            port, anna,
                            "get Talk.wav.txt upper.txt; get talk.wav.txt lower.txt; get Talk.wav.txt again.txt"
                        ))
                }
                #expect(try text(ground, "upper.txt") == daemon.text(of: "\(anna)/Talk.wav.txt"))
                #expect(try text(ground, "lower.txt") == daemon.text(of: "\(anna)/talk.wav.txt"))
                #expect(try text(ground, "again.txt") == text(ground, "upper.txt"))
                #expect(try text(ground, "lower.txt") != text(ground, "upper.txt"))
            }
        }

        /// With the permissions of the shipped systemd unit.
        @Test func sftp() async throws {
            try await ShareGround.with(asShipped: true) { ground in
                try await prepareTalks(ground, 6)
                try FileManager.default.createDirectory(
                    atPath: ground.folder + "/tree", withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o755])
                for number in 3...5 {
                    try FileManager.default.copyItem(
                        atPath: ground.folder + "/talk\(number).wav",
                        toPath: ground.folder + "/tree/talk\(number).wav")
                }
                // Readable by its owner only, as the recorders of some phones create files: the daemon
                // accepts it all the same.
                #expect(chmod(ground.folder + "/talk0.wav", 0o600) == 0)
                let whole = try Data(contentsOf: URL(filePath: ground.folder + "/talk2.wav"))
                try whole.prefix(whole.count / 2).write(to: URL(filePath: ground.folder + "/half.wav"))
                try await ground.ssh { port in
                    try expectGood(
                        await ground.sftp(
                            port, anna,
                            [
                                "put talk0.wav talk.wav",
                                "put talk1.wav linked.wav.filepart",
                                "rename -l linked.wav.filepart linked.wav",
                                "put -r tree", "put half.wav cut.wav",
                            ]))
                    // The upload that was cut is said to be incomplete, and taken when the rest is there.
                    try await ground.daemon.awaitText(of: "\(anna)/cut.wav.rejected.txt")
                    try expectGood(await ground.sftp(port, anna, ["reput talk2.wav cut.wav"]))
                    try await ground.daemon.awaitAbsence(of: "\(anna)/cut.wav.rejected.txt")
                    let names = ["talk.wav", "linked.wav", "cut.wav"] + (3...5).map { "tree/talk\($0).wav" }
                    for name in names {
                        try await expectOne(ground, "\(anna)/\(name)", refusals: name == "cut.wav" ? 1 : 0)
                    }
                    try "My own words.\n".write(
                        toFile: ground.folder + "/mine.txt", atomically: false, encoding: .utf8)
                    try expectGood(
                        await ground.sftp(
                            port, anna,
                            [
                                "get tree/talk3.wav.txt read.txt", "put mine.txt talk.wav.txt",
                                "rm linked.wav.txt", "rm tree/talk4.wav.txt",
                            ]))
                    #expect(try text(ground, "read.txt").contains("answer"))
                    try await expectEdited(ground, "\(anna)/talk.wav")
                    #expect(ground.daemon.stamp(of: "\(anna)/linked.wav.txt") == nil)
                    try await expectClosed(ground, port)
                }
                expectNoNotes(ground)
            }
        }

        @Test func rsyncCurlAndParamiko() async throws {
            try await ShareGround.with { ground in
                try await prepareTalks(ground, 2)
                try await SampleAudio.speak("The weather was good.", to: ground.folder + "/third.wav")
                try await ground.ssh { port in
                    try expectGood(
                        await ground.rsync(port, rustam, ground.folder + "/talk0.wav", "synced.wav"))
                    try expectGood(
                        await ground.curl(
                            port, anna, ground.folder + "/talk1.wav", "/inbox/\(anna)/curl.wav"))
                    try expectGood(
                        await Command.run(
                            "/usr/bin/python3",
                            [
                                Repository.file("Tests/Tools/sftp_client.py"), "\(port)", boris, ground.key,
                                ground.folder + "/third.wav", "talk",
                            ]))
                    try await expectOne(ground, "\(rustam)/synced.wav")
                    try await expectOne(ground, "\(anna)/curl.wav")
                    for way in ["pieces", "link", "posix"] {
                        try await expectOne(ground, "\(boris)/talk-\(way).wav")
                    }
                    // An rsync client gets nothing else, and no other user's folder.
                    let shell = try await ground.ssh(port, rustam, "cat /etc/passwd")
                    #expect(shell.end != .exited(0) && !shell.output.contains("root:"))
                    let other = try await ground.rsync(
                        port, rustam, ground.folder + "/talk0.wav", "../\(anna)/talk.wav")
                    #expect(ground.daemon.stamp(of: "\(anna)/talk.wav") == nil, "\(other.errors)")
                }
                expectNoNotes(ground)
            }
        }

        // MARK: -

        /// `talk0.wav`, `talk1.wav` and so on, all the same words and all different.
        private func prepareTalks(_ ground: ShareGround, _ count: Int) async throws {
            let speech = ground.folder + "/speech.wav"
            try await SampleAudio.speak(to: speech)
            let content = try Data(contentsOf: URL(filePath: speech))
            for number in 0..<count {
                try SampleAudio.variant(number, of: content)
                    .write(to: URL(filePath: ground.folder + "/talk\(number).wav"))
            }
        }

        private func text(_ ground: ShareGround, _ name: String) throws -> String {
            try String(contentsOfFile: ground.folder + "/" + name, encoding: .utf8)
        }

        private func expectGood(_ command: Command) {
            #expect(command.end == .exited(0), "\(command.output)\n\(command.errors)")
            #expect(!command.output.contains("NT_STATUS"), "\(command.output)")
        }

        /// One recording, completed, its text the folder's owner's and nobody else's.
        private func expectOne(_ ground: ShareGround, _ path: String, refusals: Int = 0) async throws {
            let daemon = ground.daemon
            try await daemon.awaitText(of: path + ".txt")
            try await daemon.awaitRow(of: path, "completed")
            #expect(daemon.events(DaemonMessage.accepted, where: ["file": path]).count == 1, daemon.log)
            #expect(daemon.events(DaemonMessage.refused, where: ["file": path]).count == refusals, daemon.log)
            let owner = try #require(getpwnam(String(path.prefix { $0 != "/" }))?.pointee.pw_uid)
            let stamp = try #require(daemon.stamp(of: path + ".txt"))
            #expect(stamp.owner == owner, "\(path)")
            #expect(stamp.mode & 0o607 == 0o600, "\(path): \(String(stamp.mode, radix: 8))")
        }

        private func expectEdited(_ ground: ShareGround, _ path: String) async throws {
            try await ground.daemon.awaitEvent(
                "transcript edited in folder", where: ["file": path + ".txt"])
            let row = try await ground.daemon.awaitRow(of: path, "completed")
            #expect(row.transcriptText == "My own words.")
        }

        /// A user sees neither other users, nor their files, nor anything else of the machine.
        private func expectClosed(_ ground: ShareGround, _ port: UInt16) async throws {
            for command in [
                "ls /inbox", "ls /inbox/\(anna)", "get /inbox/\(anna)/talk.wav stolen.wav",
                "put talk1.wav /inbox/\(anna)/planted.wav", "put talk1.wav /inbox/planted.wav", "ls /etc",
                "get ../../../../etc/passwd stolen.txt",
            ] {
                let tried = try await ground.sftp(port, boris, [command])
                #expect(tried.end == .exited(1), "\(command): \(tried.output)")
            }
            let shell = try await ground.ssh(port, boris, "cat /etc/passwd")
            #expect(!shell.output.contains("root:"))
        }

        private func expectNoNotes(_ ground: ShareGround) {
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: ground.root)) ?? []
            #expect(names.filter { $0.hasSuffix(".rejected.txt") || $0.hasSuffix(".failed.txt") }.isEmpty)
            #expect(names.filter { $0.contains("/.") }.isEmpty, "\(names)")
        }
    }
}
