import KotibCrypto
import KotibIntake
import KotibModel
import KotibPOSIX
import Synchronization

/// Plays the worker: takes everything, but for what a test says. What begins with "incomplete" is taken
/// where nothing more is waited for.
package final class FakeInspector: Inspecting, Sendable {
    /// Gets the content and how many calls came before.
    package typealias Script = @Sendable ([UInt8], Int) async throws(InspectionError) -> InspectionResult

    private let script: Script
    private let asked = Mutex(0)

    /// Files that begin with "bad" are damaged.
    package init(
        _ script: @escaping Script = { content, _ in
            content.starts(with: "bad".utf8) ? .refused(.damaged(detail: "test")) : .facts(facts(content))
        }
    ) {
        self.script = script
    }

    package var calls: Int { asked.withLock { $0 } }

    package func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?,
        takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult {
        let before = asked.withLock { count in
            count += 1
            return count - 1
        }
        guard let content = try? file.read(upTo: Int(size)) else { return .refused(.unreadable) }
        if content.starts(with: "incomplete".utf8), !takesIncomplete { return .refused(.incomplete) }
        var result = try await script(content, before)
        if case .facts(var facts) = result, let sound = Self.sound(content) {
            facts.sound = Self.identity(sound)
            facts.duration = Double(sound.count)
            if let earlier, earlier.size < sound.count,
                Self.identity(Array(sound.prefix(Int(earlier.size)))) == earlier
            {
                facts.continues = earlier
            }
            result = .facts(facts)
        }
        return result
    }

    /// Bytes after a `#` are the sound, a second each; those before it are tags.
    private static func sound(_ content: [UInt8]) -> [UInt8]? {
        content.firstIndex(of: UInt8(ascii: "#")).map { Array(content[($0 + 1)...]) }
    }

    private static func identity(_ sound: [UInt8]) -> SoundIdentity {
        let hash = (sound + [UInt8](repeating: 0, count: 32)).prefix(32)
        return SoundIdentity(sha256: Array(hash), size: Int64(sound.count))
    }

    package static func facts(_ content: [UInt8]) -> AudioFacts {
        AudioFacts(
            mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
            sampleRate: 16_000, sha256: SHA256.hash(content))
    }
}
