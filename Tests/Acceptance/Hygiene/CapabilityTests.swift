import Foundation
import KotibTestSupport
import Testing

extension Acceptance.Hygiene {
    /// With systemd/folder-owners.conf the daemon has four capabilities. The programs that it starts have
    /// none: neither hook and message programs, which the administrator chose, nor workers.
    @Test func noProgramGetsTheDaemonsCapabilities() async throws {
        let shelf = try TemporaryFolder()
        let settings = try Service.settings(shelf).merging([
            "sms.sender": "command", "sms.command": ["\(shelf.path("message"))"],
            "hooks.program": ["\(shelf.path("hook"))"],
        ])
        for name in ["hook", "message"] {
            let (script, told) = (shelf.path(name), shelf.path(name + ".told"))
            try
                "#!/bin/sh\ngrep -E '^(Uid|Cap)' /proc/self/status > \(told).part && mv \(told).part \(told)\n"
                .write(toFile: script, atomically: false, encoding: .utf8)
            try await Command.succeed("chmod", ["755", script])
        }
        try await Command.succeed("chmod", ["777", shelf.path])
        try await withDaemon(settings, launcher: Service.launcher(), starting: false) { daemon in
            let folder = (daemon.stateFolder as NSString).deletingLastPathComponent
            try await Command.succeed("chown", ["-R", "62987:62987", folder])
            try await daemon.start()
            #expect(try capabilities(of: "\(daemon.pid)")["CapEff"] != "0000000000000000")
            for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/task") {
                let sets = try capabilities(of: "\(daemon.pid)/task/\(thread)")
                #expect(sets["CapAmb"] == "0000000000000000" && sets["CapInh"] == "0000000000000000")
            }
            for worker in try daemon.workerProcesses() {
                expectNone(try capabilities(of: "\(worker.pid)"), "worker")
            }
            try daemon.write(Data("no audio".utf8), as: "malika/notes.pdf")
            _ = try await daemon.request(
                "POST", "/api/v1/auth/send_otp", json: #"{"phone_number": "+998901234567"}"#)
            for name in ["hook", "message"] {
                let told = try await daemon.eventually("the \(name) program has run") {
                    try? String(contentsOfFile: shelf.path(name + ".told"), encoding: .utf8)
                }
                #expect(told.contains("Uid:\t62987"), "\(told)")
                expectNone(fields(told), name)
            }
        }
    }

    private func expectNone(_ sets: [String: String], _ who: String) {
        for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(sets[name] == "0000000000000000", "\(who): \(sets)")
        }
    }

    private func capabilities(of process: String) throws -> [String: String] {
        fields(try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8))
    }

    private func fields(_ status: String) -> [String: String] {
        let pairs = status.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
