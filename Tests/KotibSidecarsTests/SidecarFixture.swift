import FoundationEssentials
import GRDB
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import Logging

/// One person's folder on the disk, a catalog, and what is due beside a recording there.
struct SidecarFixture: Sendable {
    static let name = Array("talk.wav".utf8)

    let folder: TemporaryFolder
    let disk: LocalFileSystem
    let database: DatabaseQueue
    let catalog: Catalog

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("ali")
        disk = LocalFileSystem(try InboxRoot(path: folder.path))
        database = try DatabaseQueue()
        catalog = try Catalog(database)
    }

    /// - Parameter formats: the forms of the text that every user wants.
    func writer(
        _ files: (any FileSystem)? = nil, formats: [TranscriptFormat] = [.txt],
        wallClock: @escaping @Sendable () -> Int64 = Sidecars.systemTime
    ) -> SidecarWriter {
        sidecars(files, formats: formats, wallClock: wallClock).writer
    }

    /// - Parameter formats: the forms of the text that every user wants.
    func sidecars(
        _ files: (any FileSystem)? = nil, formats: [TranscriptFormat] = [.txt],
        wallClock: @escaping @Sendable () -> Int64 = Sidecars.systemTime,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) -> Sidecars {
        Sidecars(
            files: files ?? disk, catalog: catalog,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            settings: { _ in UserSettings(sidecars: formats) }, wallClock: wallClock, sleep: sleep,
            warningSentence: { "warning: \($0.code.rawValue)" },
            failureSentence: { "\($0) failed: \($1)" })
    }

    /// Takes a recording as far as its words, which are then due beside it.
    @discardableResult
    func transcribed(
        _ words: String, name: [UInt8] = name, content: UInt8 = 1, warnings: [RecordingWarning] = []
    ) async throws -> RecordingID {
        let id = try await claimed(name: name, content: content)
        let transcript = Transcript(
            text: words, segments: [], language: "en", engine: "fake", model: "fake-1")
        guard
            try await catalog.jobs.complete(
                id, transcript: transcript, speech: 1, warnings: warnings, engineSeconds: 1) == .recorded
        else { throw CocoaError(.featureUnsupported) }
        return id
    }

    /// Takes a recording as far as giving up on it.
    func failed(_ message: String, name: [UInt8] = name) async throws -> RecordingID {
        let id = try await claimed(name: name, content: 1)
        _ = try await catalog.jobs.fail(id, code: "test", message: message)
        return id
    }

    func refused(_ message: String, name: [UInt8] = name) async throws -> Refusal {
        try await catalog.ingest.reject(
            path(name), identity: identity(of: name), rejection: .incomplete, message: message)
    }

    func accepted(name: [UInt8] = name, content: UInt8) async throws -> Acceptance {
        let facts = AudioFacts(
            mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
            sampleRate: 16_000, sha256: Array(repeating: content, count: 32))
        return try await catalog.ingest.accept(path(name), identity: identity(of: name), facts: facts)
    }

    private func claimed(name: [UInt8], content: UInt8) async throws -> RecordingID {
        let id = try await accepted(name: name, content: content).recording
        guard case .recording(let claimed) = try await catalog.jobs.claim(), claimed.id == id else {
            throw CocoaError(.featureUnsupported)
        }
        return id
    }

    /// The identity of a recording; where a test has written none, of a missing one whose file system is
    /// mounted.
    private func identity(of name: [UInt8]) throws -> FileIdentity {
        if let status = try disk.examine(path(name)) { return status.identity }
        let device = try disk.status(of: disk.openFolder(nil)).identity.device
        return FileIdentity(device: device, inode: 1, size: 1000, modified: 1, changed: 1)
    }
}

extension SidecarFixture {
    func path(_ name: [UInt8]) throws -> InboxPath {
        guard let path = InboxPath(Array("ali/".utf8) + name) else { throw CocoaError(.fileNoSuchFile) }
        return path
    }

    /// Nil where there is no such file.
    func text(_ name: [UInt8]) throws -> String? {
        guard let file = try? disk.openForReading(path(name)).file else { return nil }
        return String(decoding: try file.read(upTo: 65_536), as: UTF8.self)
    }

    func text(_ name: String) throws -> String? { try text(Array(name.utf8)) }

    /// All files beside the recordings, including hidden ones.
    func names() throws -> [String] { try folder.names(in: "ali").filter { !$0.hasSuffix(".wav") } }

    /// Changes the words in the catalog alone, as the socket does before the files follow.
    func edit(_ id: RecordingID, _ text: String, expected: RevisionID? = nil) async throws(CatalogError)
        -> EditOutcome
    {
        try await catalog.revisions.edit(
            TranscriptEdit(
                recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: expected)
        )
    }

    /// The words of all revisions, newest first.
    func revisions(_ id: RecordingID) async throws -> [String] {
        try await catalog.listing.revisions(of: id)?.map(\.text) ?? []
    }

    func shown(_ id: RecordingID) async throws -> Revision? {
        try await catalog.revisions.find(nil, of: id, in: .everyone)
    }

    /// Transcribes again, in vain.
    func failsAgain(_ id: RecordingID) async throws {
        guard case .queued = try await catalog.jobs.retry(id, in: .everyone),
            case .recording(let claimed) = try await catalog.jobs.claim(), claimed.id == id,
            try await catalog.jobs.fail(id, code: "test", message: "no") == .recorded
        else { throw CocoaError(.featureUnsupported) }
    }

    func isDue(_ id: RecordingID) async throws -> Bool {
        try await catalog.recordings.find(id)?.sidecarDue != nil
    }

    /// The paths of Kotib's own files according to the catalog.
    func owned(_ id: RecordingID) async throws -> [String] {
        try await catalog.sidecars.owned(of: id).map(\.path.text)
    }
}
