import HTTPTypes
import HummingbirdCore
import KotibIntake
import KotibModel
import KotibPOSIX
import NIOCore
import Synchronization

/// Plays the worker: takes everything, the content being its own hash; what begins with "bad" is damaged.
struct TrustingInspector: Inspecting {
    func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?, takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult {
        guard let content = try? file.read(upTo: Int(size)) else { return .refused(.unreadable) }
        if content.starts(with: "bad".utf8) { return .refused(.damaged(detail: "test")) }
        let hash = (content + [UInt8](repeating: 0, count: 32)).prefix(32)
        return .facts(
            AudioFacts(
                mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: Array(hash)))
    }
}

/// Keeps what a response's body is made of.
final class Written: ResponseBodyWriter {
    private let kept = Mutex<[UInt8]>([])

    var bytes: [UInt8] { kept.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws {
        kept.withLock { $0 += buffer.readableBytesView }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
