import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// The rename of one text to its recording's new place. Its calls may block on the disk.
struct SidecarMove: Sendable {
    let files: any FileSystem
    let sidecar: Sidecar
    /// Whether the file at its old name is this text, and not another recording's.
    let isOwn: Bool
    /// The names that it may get, best first. No other sidecar has them.
    let names: [InboxPath]

    enum Outcome: Sendable {
        case moved(InboxPath)
        /// A person's own file has its old name.
        case lost
        /// There is no file at its old name.
        case missing
        case otherDisk, occupied
    }

    func perform() throws(FileError) -> Outcome {
        for name in names {
            guard let status = try files.examine(name), status.identity.inode == sidecar.inode,
                status.kind == .regular
            else { continue }
            // The person moved it along, or a crash followed the rename, which must be durable too.
            try files.synchronize(files.openFolder(name.parent))
            return .moved(name)
        }
        guard let status = try files.examine(sidecar.path), status.kind == .regular, isOwn else {
            return try savedAnew().map(Outcome.moved) ?? .missing
        }
        // An edited text holds the recording's words; any other form that was edited is the person's own.
        guard sidecar.kind == .transcript || sidecar.isUntouched(status.identity) else { return .lost }
        for name in names where try rename(to: name) { return .moved(name) }
        return isOtherDisk ? .otherDisk : .occupied
    }

    /// A text that was moved along and then saved by an editor as a new file: a text beside its recording is
    /// its text.
    private func savedAnew() throws(FileError) -> InboxPath? {
        guard sidecar.kind == .transcript else { return nil }
        let second = Array(".kotib.txt".utf8)
        let hadSecond = sidecar.path.name.suffix(second.count).elementsEqual(second)
        // The name with its old ending comes first.
        for name in hadSecond ? names.reversed() : names {
            guard try files.examine(name)?.kind == .regular else { continue }
            try files.synchronize(files.openFolder(name.parent))
            return name
        }
        return nil
    }

    /// - Returns: false where the name is taken, or is on another disk.
    private func rename(to name: InboxPath) throws(FileError) -> Bool {
        let (old, new) = (try files.openFolder(sidecar.path.parent), try files.openFolder(name.parent))
        do throws(FileError) {
            try files.move(sidecar.path.name, from: old, to: name.name, in: new)
        } catch {
            if [EEXIST, EXDEV].contains(error.code) { return false }
            throw error
        }
        try files.synchronize(new)
        try files.synchronize(old)
        return true
    }

    private var isOtherDisk: Bool {
        let devices = [sidecar.path.parent, names.first?.parent].map { folder in
            try? files.status(of: files.openFolder(folder)).identity.device
        }
        return devices[0] != devices[1]
    }
}
