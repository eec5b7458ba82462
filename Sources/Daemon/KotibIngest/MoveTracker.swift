import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

/// Recognizes a file that was renamed, moved or brought back as its recording, which keeps its words.
///
/// It is recognized where it arrives, and not by pairs of events, which may be lost: by its content among the
/// same user's recordings, without those whose own file still exists. In another user's folder it is another
/// recording.
package struct MoveTracker: Sendable {
    /// The number of tries: the catalog may change between the check of the disk and the move.
    private static let rounds = 5

    private let files: any FileSystem
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let queue: TranscriptionQueue
    private let quotas: Quotas
    private let logger: Logger

    package init(
        files: any FileSystem, catalog: Catalog, sidecars: Sidecars, queue: TranscriptionQueue,
        quotas: Quotas, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.quotas = quotas
        self.logger = logger
    }

    /// Moves the recording of a file to the path where it has arrived.
    /// - Returns: nil if the file was no recording, or is a copy of one.
    func move(
        to path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts
    ) async throws -> RecordingID? {
        for _ in 1...Self.rounds {
            let origins = try await catalog.moves.origins(of: path, identity: identity, facts: facts)
            var origin: Recording?
            for candidate in origins where try await !stillExists(candidate, unlikeThat: identity) {
                origin = candidate
                break
            }
            guard let origin else { return nil }
            if try await move(origin, to: path, identity, facts) { return origin.id }
        }
        return nil
    }

    /// Moves the recording of an unchanged file, whose folder was moved: it need not be inspected again.
    /// - Returns: whether it was moved.
    func moveUnchanged(to path: InboxPath, _ identity: FileIdentity) async throws -> Bool {
        guard let origin = try await catalog.moves.origin(of: path, identity: identity),
            try await !stillExists(origin, unlikeThat: identity)
        else { return false }
        return try await move(origin, to: path, identity)
    }

    /// The recording whose file was renamed and has become longer: its sound is to be compared. Nil if there
    /// is none.
    func origin(ofGrown path: InboxPath, _ identity: FileIdentity) async throws -> Recording? {
        let files = files
        let origins = try await catalog.moves.origins(ofGrown: path, identity: identity)
        return try await BlockingWork.run { () throws(FileError) in
            // The latest that had this inode.
            for origin in origins.sorted(by: { $0.id.rawValue > $1.id.rawValue }) {
                if try files.examine(origin.path)?.identity.inode != identity.inode { return origin }
            }
            return nil
        }
    }

    /// Moves the recording of a file that has become longer. Its row keeps the size that was accepted: after
    /// a crash the file is looked at again.
    func moveGrown(_ origin: Recording, to path: InboxPath) async throws {
        _ = try await move(origin, to: path, origin.identity)
    }

    private func move(
        _ origin: Recording, to path: InboxPath, _ identity: FileIdentity, _ facts: AudioFacts? = nil
    ) async throws(CatalogError) -> Bool {
        let relocation = try await sidecars.mover.move(from: origin.path, to: path) {
            () async throws(CatalogError) in
            try await catalog.moves.relocate(
                origin, to: path, identity: identity, facts: facts, under: quotas)
        }
        guard let relocation else { return false }
        if let old = relocation.old { await queue.cancel(old) }
        try await sidecars.writer.remove(relocation.notes)
        logger.info(
            origin.path == path ? "recording restored" : "recording moved",
            metadata: [
                "recording": "\(origin.id)", "user": "\(path.user)",
                "from": "\(origin.path)", "file": "\(path)",
            ])
        if try await catalog.adoption.adoptsTexts() { try await sidecars.editor.adoptText(of: origin.id) }
        await queue.wake()
        return true
    }

    /// Whether a recording's file still exists at its own path. True if the path may not be accessed. A file
    /// that was touched is read: another recording of the same size may have been copied into it.
    /// - Parameter identity: of the file at the new path. Some file systems find a file under names that
    ///   differ only in case.
    /// - Throws: ``FileError`` if that may be known later: a fault must not make two recordings of one.
    private func stillExists(
        _ recording: Recording, unlikeThat identity: FileIdentity
    ) async throws(FileError) -> Bool {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            do throws(FileError) {
                guard let status = try files.examine(recording.path), status.kind == .regular,
                    status.identity.inode == recording.identity.inode,
                    status.identity.size == recording.identity.size
                else { return false }
                if status.identity.modified != recording.identity.modified {
                    guard try Self.holds(recording, files) else { return false }
                }
                return status.identity.inode != identity.inode || status.links > 1
            } catch {
                if error.isRetryable { throw error }
                return true
            }
        }
    }

    private static func holds(_ recording: Recording, _ files: any FileSystem) throws(FileError) -> Bool {
        guard let content = recording.facts?.sha256 else { return true }
        return try ContentHash.sha256(of: files.openForReading(recording.path).file) == content
    }
}
