import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport

@testable import KotibCatalog

/// Any time; tests that need another add to it.
let noon = Date(timeIntervalSince1970: 1_800_000_000)

func inboxPath(_ text: String) throws -> InboxPath {
    guard let path = InboxPath(text) else { throw CocoaError(.fileNoSuchFile) }
    return path
}

func identity(_ inode: UInt64, size: Int64 = 1000, changed: Int64 = 1) -> FileIdentity {
    FileIdentity(device: .max, inode: inode, size: size, modified: 1, changed: changed)
}

func facts(_ content: UInt8, duration: Double = 10) -> AudioFacts {
    AudioFacts(
        mediaType: "audio/mpeg", container: "mp3", codec: "mp3", duration: duration, channels: 2,
        sampleRate: 44_100, sha256: Array(repeating: content, count: 32))
}

func transcript(_ text: String) -> Transcript {
    Transcript(
        text: text, segments: [TranscriptSegment(start: 0, end: 1.5, text: text)], language: "en",
        engine: "local", model: "base")
}

/// A catalog in memory, for what does not concern the file.
func memoryCatalog() throws -> Catalog {
    try Catalog(DatabaseQueue())
}

extension IngestStore {
    /// Takes a file whose content is told apart by `content`.
    @discardableResult
    func accept(_ path: String, content: UInt8 = 1, inode: UInt64 = 1) async throws -> Acceptance {
        try await accept(
            inboxPath(path), identity: identity(inode), facts: facts(content), now: noon)
    }

    @discardableResult
    func reject(
        _ path: String, _ rejection: Rejection = .empty, message: String = "Empty."
    ) async throws -> Refusal {
        try await reject(
            inboxPath(path), identity: identity(9), rejection: rejection, message: message, now: noon)
    }
}

extension JobStore {
    /// The next recording; nil if none can start.
    func claimNext(_ now: Date = noon) async throws -> Recording? {
        guard case .recording(let recording) = try await claim(now: now) else { return nil }
        return recording
    }
}

extension RecordingStore {
    func state(_ id: RecordingID) async throws -> RecordingState? {
        try await find(id)?.state
    }
}

extension Catalog {
    /// Writes the sidecar that is due, in the record only.
    func writeDue(_ id: RecordingID, at path: String) async throws {
        let due = try await recordings.find(id)?.sidecarDue
        guard let due else { return }
        let sidecar = Sidecar(
            recording: id, kind: due.kind, path: try inboxPath(path), identity: identity(77))
        try await sidecars.written(sidecar, due: due, now: noon)
    }
}
