import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Completes the writes and removals that a crash or a fault interrupted.
///
/// The catalog holds an intent for each file before the file is touched. The file is recognized by the hash
/// of its content, wherever the recording lies by then.
public struct IntentRecovery: Sendable {
    let store: SidecarStore

    private var catalog: Catalog { store.catalog }

    /// Registers or removes the files of all intents that earlier attempts left.
    public func recoverAll() async throws(CatalogError) {
        var last: InboxPath?
        while !Task.isCancelled {
            let page = try await catalog.sidecars.intents(after: last, limit: 100)
            guard let end = page.last else { return }
            for intent in page {
                do throws(CatalogError) {
                    _ = try await store.withLock(of: intent.recording) { () async throws(CatalogError) in
                        try await recover(of: intent.recording)
                    }
                } catch {
                    // One unreadable row does not stop the others.
                    if error.isRetryable { throw error }
                    store.logStaysDue(intent.recording, error)
                }
            }
            last = end.path
        }
    }

    /// Completes one recording's intents. The caller holds the recording's lock.
    public func recover(of id: RecordingID) async throws(CatalogError) {
        for intent in try await catalog.sidecars.intents(of: id) { try await recover(intent) }
    }

    /// Completes the intent at a name. The caller holds the lock of the recording that needs the name.
    func recover(at path: InboxPath) async throws(CatalogError) {
        if let intent = try await catalog.sidecars.intent(at: path) { try await recover(intent) }
    }

    private func recover(_ intent: SidecarIntent) async throws(CatalogError) {
        guard let content = intent.content else { return try await recoverRemoval(intent) }
        switch await check(content, at: intent.path) {
        case .unclear: return
        case .inPlace(let identity):
            try await catalog.sidecars.written(
                Sidecar(
                    recording: intent.recording, kind: intent.kind, path: intent.path, identity: identity,
                    words: intent.words), due: nil)
        case .other:
            // Nothing stood there before: it was written, and a person has saved it since.
            guard intent.kind == .transcript, try await catalog.sidecars.owner(ofSidecar: intent.path) == nil
            else {
                return try await catalog.sidecars.withdrawIntent(at: intent.path)
            }
            let unknown = FileIdentity(device: 0, inode: 0, size: -1, modified: 0, changed: 0)
            try await catalog.sidecars.written(
                Sidecar(
                    recording: intent.recording, kind: intent.kind, path: intent.path, identity: unknown,
                    words: intent.words), due: nil)
        case .nothing: try await catalog.sidecars.withdrawIntent(at: intent.path)
        }
    }

    private func recoverRemoval(_ intent: SidecarIntent) async throws(CatalogError) {
        if let sidecar = try await catalog.sidecars.owner(ofSidecar: intent.path),
            sidecar.recording == intent.recording, sidecar.kind == intent.kind
        {
            if try await store.isRemoved(intent.path) {
                if try await store.isUnreachable(sidecar) { return }
            } else if try await !store.clear([sidecar]) {
                return
            }
        }
        try await catalog.sidecars.withdrawIntent(at: intent.path)
    }

    private enum Content: Sendable {
        case inPlace(FileIdentity)
        /// A file with other content has the name.
        case other
        case nothing
        case unclear
    }

    private func check(_ content: [UInt8], at path: InboxPath) async -> Content {
        let files = store.files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) -> Content in
                guard let status = try files.examine(path) else { return .nothing }
                guard status.kind == .regular else { return .nothing }
                let (file, opened) = try files.openForReading(path)
                return try ContentHash.sha256(of: file) == content ? .inPlace(opened.identity) : .other
            }
        } catch {
            // A file that Kotib may not read is not its own.
            if SidecarPlace.mayMeanFolderIsGone(error) || error.code == EACCES { return .nothing }
            store.warn("cannot check whether a text was written", path, error)
            return .unclear
        }
    }
}
