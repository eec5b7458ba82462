import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// Files that somebody has tampered with, in this process: a crash or an endless loop ends the tests.
@Suite struct MutationTests {
    /// Mutants of each recording; KOTIB_TEST_MUTANTS asks for a longer campaign.
    private static let mutants = getenv("KOTIB_TEST_MUTANTS").flatMap { Int(String(cString: $0)) } ?? 200

    @Test(
        arguments: Recording.plain + [Recording.unusual[1], Recording.unusual[12], Recording.unusual[13]]
            + Recording.phone)
    func mutantsHarmNobody(_ recording: Recording) throws {
        let original = try recording.bytes(seconds: 1)
        let inspector = try RecordingInspector(MagicDatabase(), budget: 10)
        var generator = SeededGenerator(state: UInt64(original.count))
        for _ in 0..<Self.mutants {
            let mutant = Mutant.of(original, &generator)
            examine(mutant, recording.fileExtension, inspector)
        }
    }

    /// Any answer will do, but an error must be one of those that the service knows.
    private func examine(_ bytes: [UInt8], _ ending: String, _ inspector: RecordingInspector) {
        do {
            let file = try OpenFile.holding(bytes)
            _ = try? inspector.inspect(
                file,
                .init(request: 1, fileExtension: ending, size: Int64(bytes.count), longestDuration: 600))
            let container = try #require(Container.extensions[ending])
            let decoder = try FileDecoder(file, container: container.rawValue, longestDuration: 60)
            while try !decoder.read(16_000)[0].isEmpty {}
        } catch is Rejection {
        } catch {
            Issue.record("\(error)")
        }
    }
}

/// Ways to spoil a file.
private enum Mutant {
    static func of(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            change(&bytes, &generator)
        }
        return bytes
    }

    private static func change(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard bytes.count > 16 else { return }
        // Headers are where the harm is: half of the changes hit the first or last kilobyte.
        let near = min(1_024, bytes.count)
        let position =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: Int.random(in: 0..<near, using: &generator)
            case 1: bytes.count - 1 - Int.random(in: 0..<near, using: &generator)
            default: bytes.indices.randomElement(using: &generator) ?? 0
            }
        let end = min(bytes.count, position + Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: for index in position..<end { bytes[index] = .random(in: 0...255, using: &generator) }
        case 2: for index in position..<end { bytes[index] = 0xff }
        case 3: for index in position..<end { bytes[index] = 0 }
        case 4: bytes.removeSubrange(position..<end)
        case 5: bytes.insert(contentsOf: bytes[position..<end], at: position)
        default: bytes[position] = [0x7f, 0x80, 0xff, 0, 1].randomElement(using: &generator) ?? 0
        }
    }
}
