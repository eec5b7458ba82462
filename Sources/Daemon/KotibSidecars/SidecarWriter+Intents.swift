import Crypto
import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// What was to be done to a file stands in the catalog before the file is touched, so that what a crash or a fault
/// left between the two is known by its content, wherever the recording lies by then.
extension SidecarWriter {
    /// Registers, or removes, what is left of earlier tries and earlier daemons.
    public func settleIntents() async throws(CatalogError) {
        var last: InboxPath?
        while !Task.isCancelled {
            let page = try await catalog.intents(after: last, limit: 100)
            guard let end = page.last else { return }
            for intent in page {
                do throws(CatalogError) {
                    _ = try await takeTurn(of: intent.recording) { () async throws(CatalogError) in
                        try await settleIntents(of: intent.recording)
                    }
                } catch {
                    // One recording's row that cannot be read hides no other.
                    if error.isRetryable { throw error }
                    tellThatItStaysDue(intent.recording, error)
                }
            }
            last = end.path
        }
    }

    /// With the turn at the recording's path.
    public func settleIntents(of id: RecordingID) async throws(CatalogError) {
        for intent in try await catalog.intents(of: id) { try await settle(intent) }
    }

    /// With the turn of who wants the name.
    func settleIntent(at path: InboxPath) async throws(CatalogError) {
        if let intent = try await catalog.intent(at: path) { try await settle(intent) }
    }

    private func settle(_ intent: SidecarIntent) async throws(CatalogError) {
        guard let content = intent.content else { return try await settleRemoval(intent) }
        switch await look(for: content, at: intent.path) {
        case .unclear: return
        case .stands(let identity):
            try await catalog.sidecarWritten(
                Sidecar(
                    recording: intent.recording, kind: intent.kind, path: intent.path, identity: identity,
                    words: intent.words), due: nil)
        case .other:
            // Where nothing stood before, it was written and has been saved by a person since.
            guard intent.kind == .transcript, try await catalog.owner(ofSidecar: intent.path) == nil else {
                return try await catalog.withdrawIntent(at: intent.path)
            }
            let unknown = FileIdentity(device: 0, inode: 0, size: -1, modified: 0, changed: 0)
            try await catalog.sidecarWritten(
                Sidecar(
                    recording: intent.recording, kind: intent.kind, path: intent.path, identity: unknown,
                    words: intent.words), due: nil)
        case .nothing: try await catalog.withdrawIntent(at: intent.path)
        }
    }

    private func settleRemoval(_ intent: SidecarIntent) async throws(CatalogError) {
        if let sidecar = try await catalog.owner(ofSidecar: intent.path),
            sidecar.recording == intent.recording, sidecar.kind == intent.kind
        {
            if try await isRemoved(intent.path) {
                if try await isAway(sidecar) { return }
            } else if try await !clear([sidecar]) {
                return
            }
        }
        try await catalog.withdrawIntent(at: intent.path)
    }

    private enum Content: Sendable {
        case stands(FileIdentity)
        /// Something else has the name.
        case other
        case nothing
        case unclear
    }

    private func look(for content: [UInt8], at path: InboxPath) async -> Content {
        let files = files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) -> Content in
                guard let status = try files.examine(path) else { return .nothing }
                guard status.kind == .regular else { return .nothing }
                let (file, opened) = try files.openForReading(path)
                return try Self.hash(of: file) == content ? .stands(opened.identity) : .other
            }
        } catch {
            // What Kotib may not read it has not written.
            if SidecarPlace.mayMeanThatTheFolderIsGone(error) || error.code == EACCES { return .nothing }
            warn("cannot tell whether a text was written", path, error)
            return .unclear
        }
    }

    private static func hash(of file: OpenFile) throws(FileError) -> [UInt8] {
        let step = 1 << 20
        var (hash, offset) = (SHA256(), Int64(0))
        do throws(SystemError) {
            while true {
                let part = try file.read(upTo: step, from: offset)
                if part.isEmpty { return Array(hash.finalize()) }
                hash.update(data: part)
                offset += Int64(part.count)
            }
        } catch {
            throw .system(error)
        }
    }

    static func intent(
        _ text: Text, at path: InboxPath, of id: RecordingID
    ) -> SidecarIntent {
        SidecarIntent(
            recording: id, kind: text.kind, path: path,
            content: Array(SHA256.hash(data: text.content)), words: text.words)
    }
}
