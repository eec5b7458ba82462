import Foundation
import Testing

@testable import KotibWorker

/// Recordings of several channels, made of real speech.
struct Channels {
    let jfk: [Float]
    let cities: [Float]
    let nagg: [Float]
    let beckett: [Float]

    init() throws {
        let fixture = try WhisperFixture()
        jfk = Self.levelled(try fixture.speech("jfk"))
        cities = Self.levelled(try fixture.speech("two_cities"))
        nagg = Self.levelled(try fixture.speech("endgame_nagg_nell"))
        beckett = Self.levelled(try fixture.speech("beckett"))
    }

    static func decoder(_ bytes: [UInt8], _ container: Container = .wav) throws -> Decoder {
        let file = try FileRecordings(
            .holding(bytes), container: container.rawValue, longestDuration: 3600)
        return try Decoder(file.recordings[0].tracks, plan: file.recordings[0].plan)
    }

    static func all(_ decoder: Decoder) throws -> [[Float]] {
        var all = try decoder.read(100_000)
        while true {
            let next = try decoder.read(100_000)
            #expect(Set(next.map(\.count)).count == 1)
            if next[0].isEmpty { return all }
            for index in all.indices { all[index] += next[index] }
        }
    }

    /// A WAV file of 32-bit float, 16 kHz (WAVE_FORMAT_IEEE_FLOAT, mmreg.h: 3).
    static func wav(_ channels: [[Float]]) -> [UInt8] {
        let length = channels.map(\.count).max() ?? 0
        func field<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        let size = UInt32(length * channels.count * 4)
        var bytes = Array("RIFF".utf8) + field(36 + size) + Array("WAVEfmt ".utf8) + field(UInt32(16))
        bytes += field(UInt16(3)) + field(UInt16(channels.count)) + field(UInt32(16_000))
        bytes +=
            field(UInt32(64_000 * channels.count)) + field(UInt16(4 * channels.count)) + field(UInt16(32))
        bytes += Array("data".utf8) + field(size)
        bytes.reserveCapacity(bytes.count + Int(size))
        for index in 0..<length {
            for channel in channels {
                bytes += field((index < channel.count ? channel[index] : 0).bitPattern)
            }
        }
        return bytes
    }

    /// Scales to an RMS of 0.08, so that all voices are equally loud.
    static func levelled(_ samples: [Float]) -> [Float] {
        let power = samples.reduce(0) { $0 + $1 * $1 } / Float(samples.count)
        return samples.map { $0 * 0.08 / power.squareRoot() }
    }

    /// White noise of an RMS, the same each time.
    static func noise(_ count: Int, rms: Float, seed: UInt64 = 7) -> [Float] {
        var generator = SeededGenerator(state: seed)
        return (0..<count).map { _ in
            // A uniform number between -1 and 1 has the RMS 1/√3.
            (Float(generator.next() >> 40) / Float(1 << 23) - 1) * rms * Float(3).squareRoot()
        }
    }

    static func tone(_ count: Int, hertz: Float, amplitude: Float) -> [Float] {
        (0..<count).map { amplitude * sinf(Float($0) * hertz * 2 * .pi / 16_000) }
    }

    /// Chords that die away, other ones for each seed.
    static func music(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(state: seed)
        var samples = [Float](repeating: 0, count: count)
        for start in stride(from: 0, to: count, by: 4_000) {
            let hertz = 220 * powf(2, Float(generator.next() % 24) / 12)
            for index in start..<min(count, start + 16_000) {
                let time = Float(index - start) / 16_000
                for overtone in 1...3 {
                    samples[index] +=
                        expf(-4 * time) * sinf(2 * .pi * hertz * Float(overtone) * time) / Float(overtone)
                }
            }
        }
        return levelled(samples)
    }

    /// The sound at a microphone this distance (in samples) away, with 0.3 s of reverberation.
    static func room(_ samples: [Float], distance: Int, seed: UInt64) -> [Float] {
        let tail = noise(300, rms: 0.05, seed: seed)
        // Sparse reflections: a dense tail would cost minutes in a debug build.
        let echoes = tail.enumerated().map { index, gain in
            (delay: distance + 16 * index, gain: gain * expf(-Float(index) / 60))
        }
        var heard = [Float](repeating: 0, count: samples.count)
        for (delay, gain) in [(distance, 1)] + echoes {
            for index in delay..<samples.count { heard[index] += gain * samples[index - delay] }
        }
        return heard
    }

    static func sum(_ one: [Float], _ other: [Float], times gain: Float = 1) -> [Float] {
        (0..<max(one.count, other.count)).map { index in
            (index < one.count ? one[index] : 0) + (index < other.count ? other[index] * gain : 0)
        }
    }

    static func silence(_ seconds: Double) -> [Float] { WhisperFixture.silence(seconds: seconds) }
}
