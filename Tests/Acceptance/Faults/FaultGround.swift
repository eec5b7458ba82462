import Foundation
import Glibc
import KotibTestSupport
import Testing

/// Helpers that the tests of faults share.
extension Acceptance.Faults {
    /// An engine that nobody answers for: rows stay pending.
    func remote() -> DaemonSettings {
        ["queue.engine": "openai", "openai.base_url": "http://127.0.0.1:9/v1", "watch.rescan": 2.0]
    }

    func speech(_ daemon: DaemonFixture) async throws -> Data {
        try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
        return try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
    }

    private struct Audio: Decodable { var audioState: String }

    func audioStates(_ daemon: DaemonFixture) async throws -> [String] {
        let rows: [Audio] = try await daemon.rows("SELECT audio_state FROM audio_records ORDER BY id")
        return rows.map(\.audioState)
    }

    /// Writes until nothing more goes in.
    func fill(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        for size in [1 << 20, 4096] {
            let piece = [UInt8](repeating: 0, count: size)
            while write(descriptor, piece, piece.count) > 0 {}
        }
        #expect(errno == ENOSPC)
    }

    /// How often a problem began and how often it was resolved, by the beginning of the log message.
    func turns(_ daemon: DaemonFixture, _ problem: String) -> [Int] {
        [problem, "recovered: " + problem].map { start in
            daemon.allEvents.count { $0.message.hasPrefix(start) }
        }
    }
}

extension DaemonFixture {
    /// Waits until `kotibctl status` says what it should, in English.
    func awaitStatus(_ what: String, _ condition: (String) -> Bool) async throws {
        try await wait(until: what, within: .seconds(30)) {
            condition(try await kotibctl(["status"]).output)
        }
    }
}

/// A service that always hears the same words, and keeps whoever asks waiting while it is held.
final class HeldEngine: Sendable {
    let server: FaultServer
    private let gate: Gate

    /// Unchecked: its one variable is read and written under the condition's lock only.
    private final class Gate: @unchecked Sendable {
        private let condition = NSCondition()
        private var isHeld = false

        func set(_ isHeld: Bool) {
            condition.withLock { self.isHeld = isHeld }
            condition.broadcast()
        }

        func pass() {
            condition.withLock { while isHeld { condition.wait() } }
        }
    }

    init(_ words: String) throws {
        let gate = Gate()
        self.gate = gate
        let answer = FaultServer.Answer.whole(200, #"{"text": "\#(words)", "language": "uz"}"#)
        server = try FaultServer { (_: FaultServer.Received) in
            gate.pass()
            return [.send(answer)]
        }
    }

    deinit { gate.set(false) }

    func hold() { gate.set(true) }
    func release() { gate.set(false) }

    /// How many recordings it was sent.
    var asked: Int { server.received.count }

    var settings: DaemonSettings {
        [
            "queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(server.port)/v1",
            "watch.rescan": 2.0,
        ]
    }
}
