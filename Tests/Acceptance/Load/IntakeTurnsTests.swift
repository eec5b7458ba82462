import Foundation
import KotibTestSupport
import Testing

extension Acceptance.Load {
    /// Users take turns in being taken in, before anything is transcribed: threats.md, floods.
    @Test func aFloodOfOneUserDoesNotHoldUpAnothersFile() async throws {
        let flood = 5_000
        // An engine that nobody answers for: all stay pending.
        let settings: DaemonSettings = [
            "queue.engine": "openai", "openai.base_url": "http://127.0.0.1:9/v1",
        ]
        try await withDaemon(settings) { daemon in
            try daemon.makeFolder("one")
            // The folder is created elsewhere and moved into the inbox whole, so that all files arrive at
            // once.
            let many = daemon.scratch + "/many"
            try FileManager.default.createDirectory(atPath: many, withIntermediateDirectories: false)
            for number in 0..<flood {
                try sound(number).write(to: URL(filePath: many + "/\(number).wav"))
            }
            try daemon.move(from: many, to: "many")
            try await daemon.wait(until: "the flood is being taken in") {
                try await count(daemon, "many") > 0
            }
            try sound(flood).write(to: URL(filePath: daemon.path("one/talk.wav")))
            let (before, start) = (try await count(daemon, "many"), ContinuousClock.now)
            try await daemon.wait(until: "the other's file is recorded") {
                try await count(daemon, "one") == 1
            }
            let (after, time) = (try await count(daemon, "many"), ContinuousClock.now - start)
            #expect(before < flood / 2, "the flood was over before the other's file came: \(before)")
            // The file stands still for 0.2 s, and the scheduler may be busy; the whole flood takes many
            // seconds.
            #expect(after - before < flood / 5, "\(before), then \(after) of the flood, in \(time)")
            #expect(time < .seconds(5))
            // The files of the flood are still processed.
            try await daemon.wait(until: "the flood goes on") { try await count(daemon, "many") > after }
        }
    }

    private struct Count: Decodable { var count: Int }

    private func count(_ daemon: DaemonFixture, _ user: String) async throws -> Int {
        let rows: [Count] = try await daemon.rows(
            "SELECT count(*) AS count FROM audio_records WHERE file_path LIKE '\(user)/%'")
        return rows.first?.count ?? 0
    }

    /// Twenty milliseconds as WAV, 16 kHz, mono, 16 bits; another for each number.
    private func sound(_ number: Int) -> Data {
        let samples = (0..<320).map { UInt16(truncatingIfNeeded: ($0 + 1) &* (number &+ 7919)) }
        func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        var wave = Array("RIFF".utf8) + bytes(UInt32(36 + 640)) + Array("WAVEfmt ".utf8) + bytes(UInt32(16))
        wave += bytes(UInt16(1)) + bytes(UInt16(1)) + bytes(UInt32(16_000)) + bytes(UInt32(32_000))
        wave += bytes(UInt16(2)) + bytes(UInt16(16)) + Array("data".utf8) + bytes(UInt32(640))
        return Data(wave + samples.flatMap(bytes))
    }
}
