import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// A transcript's text file that a person may have saved. Its calls may block on the disk.
struct SavedText: Sendable {
    let files: any FileSystem
    /// The file as Kotib wrote it.
    let sidecar: Sidecar

    enum Content: Sendable {
        /// As Kotib wrote it, or gone.
        case unchanged
        case beingWritten
        case words(String, FileIdentity)
        case unreadable(TextProblem, FileIdentity)
    }

    /// - Parameters:
    ///   - known: the problem that was reported of the file in its present state.
    ///   - latest: the file counts as being written where it was changed later than this, in nanoseconds
    ///     since 1970, or a program has it open for writing. Nil where the caller has checked that it stands
    ///     still.
    func read(
        known: (FileIdentity) -> TextProblem?, savedBefore latest: Int64?
    ) throws(FileError) -> Content {
        guard let status = try files.examine(sidecar.path), status.kind == .regular,
            !sidecar.isUntouched(status.identity)
        else { return .unchanged }
        let identity = status.identity
        if let latest, identity.changed > latest { return .beingWritten }
        // Each scan comes by: it is not read again before somebody has changed it, or its names or
        // permissions.
        if let problem = known(identity), problem.lastsUntilChanged {
            return .unreadable(problem, identity)
        }
        // With a second name it may be somebody else's file, linked here to have it read (threat 16).
        guard status.links == 1 else { return .unreadable(.hardLink, identity) }
        guard identity.size <= Int64(SidecarText.longest) else {
            return .unreadable(.tooLong(limit: SidecarText.longest), identity)
        }
        let file: OpenFile
        do throws(FileError) {
            file = try files.openForReading(sidecar.path).file
        } catch {
            guard error.code == EACCES else { throw error }
            return .unreadable(.unreadable, identity)
        }
        guard try files.isReadableInItsFolder(sidecar.path, file, status) else {
            return .unreadable(.foreign, identity)
        }
        if latest != nil, WriterCheck(file) == .writing { return .beingWritten }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.read(upTo: SidecarText.longest + 1)
        } catch {
            throw .system(error)
        }
        // A change meanwhile makes the watcher look again.
        guard try files.status(of: file).identity == identity else { return .beingWritten }
        guard let words = SidecarText.words(bytes) else { return .unreadable(.encoding, identity) }
        return .words(words, identity)
    }

    /// The words of a text that no recording has yet. Nil if they cannot be read, or the folder's people
    /// could not have read them themselves.
    static func existing(at path: InboxPath, _ files: any FileSystem) -> ExistingText? {
        guard let status = try? files.examine(path), status.kind == .regular, status.links == 1,
            status.identity.size <= Int64(SidecarText.longest),
            let opened = try? files.openForReading(path), opened.status.identity == status.identity,
            (try? files.isReadableInItsFolder(path, opened.file, opened.status)) == true,
            let bytes = try? opened.file.read(upTo: SidecarText.longest + 1),
            (try? files.status(of: opened.file))?.identity == status.identity,
            let words = SidecarText.words(bytes)
        else { return nil }
        return ExistingText(
            path: path, identity: status.identity, text: words, hash: SidecarText.hash(words))
    }
}
