import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// The search for a text whose folder is not where it was, in the whole folder of its user. Its calls block
/// on the disk.
struct StrayTextSearch: Sendable {
    /// Names read at once.
    private static let batch = 1000

    let files: any FileSystem
    let sidecar: Sidecar

    /// Otherwise somebody removed the text alone.
    func isFolderGone() throws(FileError) -> Bool {
        guard let folder = sidecar.path.parent else { return false }
        return try files.examine(folder)?.kind != .folder
    }

    /// The places where the text may stand: the very file where that is found, or else files of its name that
    /// stand beside no recording of theirs, since most editors save a new file and rename it.
    /// - Throws: ``FileError``, also where a folder was moved meanwhile.
    func places() throws(FileError) -> [InboxPath] {
        var found = Found(waiting: [sidecar.path.user.path])
        while let folder = found.waiting.popLast() {
            do throws(FileError) {
                try visit(folder, &found)
            } catch {
                // A folder that Kotib may not enter holds nothing that it wrote.
                guard [EACCES, EPERM].contains(error.code) else { throw error }
            }
        }
        return found.same.isEmpty ? found.named : found.same
    }

    private struct Found {
        /// Folders that are still to be read.
        var waiting: [InboxPath]
        var same: [InboxPath] = []
        var named: [InboxPath] = []
    }

    private func visit(_ folder: InboxPath, _ found: inout Found) throws(FileError) {
        let opened = try files.openFolder(folder)
        let listing = try files.list(opened)
        while true {
            let entries: [FolderEntry]
            do throws(SystemError) {
                entries = try listing.next(Self.batch)
            } catch {
                throw .system(error)
            }
            if entries.isEmpty { return }
            for entry in entries where entry.name.first != UInt8(ascii: ".") {
                guard let path = folder.appending(entry.name) else { continue }
                try sort(entry, path, in: opened, &found)
            }
        }
    }

    private func sort(
        _ entry: FolderEntry, _ path: InboxPath, in folder: OpenFile, _ found: inout Found
    ) throws(FileError) {
        if entry.kind == .folder { return found.waiting.append(path) }
        guard entry.kind == nil || (entry.kind == .regular && hasEnding(entry.name)),
            let status = try files.examine(entry.name, in: folder)
        else { return }
        if status.kind == .folder { return found.waiting.append(path) }
        guard status.kind == .regular else { return }
        let isNamed = entry.name == sidecar.path.name
        if isSame(status.identity, isNamed) {
            found.same.append(path)
        } else if isNamed, try isAlone(entry.name, in: folder) {
            found.named.append(path)
        }
    }

    /// A number of a file that was removed may be another's by now. Of forms other than the text an edited
    /// one is the person's own.
    private func isSame(_ identity: FileIdentity, _ isNamed: Bool) -> Bool {
        if sidecar.isUntouched(identity) { return true }
        return sidecar.kind == .transcript && isNamed && sidecar.inode == identity.inode
    }

    /// Whether a file of the text's name has no recording beside it.
    private func isAlone(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> Bool {
        guard sidecar.kind == .transcript else { return false }
        let endings = [".kotib.txt", ".txt"].map { Array($0.utf8) }
        guard let ending = endings.first(where: { name.suffix($0.count).elementsEqual($0) }) else {
            return false
        }
        return try files.examine(Array(name.dropLast(ending.count)), in: folder) == nil
    }

    private func hasEnding(_ name: [UInt8]) -> Bool {
        guard let dot = sidecar.path.name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let ending = sidecar.path.name[dot...]
        return name.count > ending.count && name.suffix(ending.count).elementsEqual(ending)
    }
}
