import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// What is found in the archive later.
extension ArchiveDisk {
    /// Opens the audio in the archive; nil where it is not there.
    static func open(
        _ audio: ArchivedAudio, of recording: Recording, in archive: any FileSystem
    ) throws(FileError) -> OpenFile? {
        do throws(FileError) {
            let opened = try archive.openForReading(audio.path)
            return audio.isThat(opened.status, of: recording) ? opened.file : nil
        } catch .notRegular {
            return nil
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return nil }
            throw error
        }
    }

    /// Deletes the audio in the archive, and what a crash left of its copying. What else has its name stays.
    func remove(_ audio: ArchivedAudio) throws(FileError) {
        do throws(FileError) {
            let folder = try archive.openFolder(audio.path.parent)
            try removeLeftovers(in: folder)
            guard let status = try archive.examine(audio.path.name, in: folder) else {
                // Removed before a crash, perhaps, and a power cut could still undo that.
                return try archive.synchronize(folder)
            }
            guard status.kind == .regular, try isAudio(audio, status) else { return }
            try AtomicFile(archive).remove(audio.path, ifStill: status.identity)
        } catch {
            // Gone with its folder.
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return }
            throw error
        }
    }

    /// As ``removeLeftovers(in:)``; where there is no such folder there is nothing.
    func removeLeftovers(beside place: InboxPath) throws(ArchiveFault) {
        do throws(FileError) {
            try removeLeftovers(in: archive.openFolder(place.parent))
        } catch {
            if ![ENOENT, ENOTDIR, ELOOP].contains(error.code) { throw ArchiveFault(error) }
        }
    }

    /// Nobody else writes into the archive.
    private func removeLeftovers(in folder: OpenFile) throws(FileError) {
        let listing = try archive.list(folder)
        let names: [[UInt8]]
        do throws(SystemError) {
            names = try listing.next(.max).map(\.name)
        } catch {
            throw .system(error)
        }
        let own = names.filter { $0.starts(with: AtomicFile.prefix) }
        guard !own.isEmpty else { return }
        _ = try AtomicFile(archive).removeStaleTemporaries(own, in: folder, now: .max, age: .zero)
    }

    private func isAudio(_ audio: ArchivedAudio, _ status: FileStatus) throws(FileError) -> Bool {
        if audio.identity != nil { return audio.isThat(status, of: recording) }
        do throws(ArchiveFault) {
            return try verified(audio.path) != nil
        } catch {
            switch error {
            case .archive(let cause), .recording(let cause): throw cause
            case .mismatch: return false
            }
        }
    }
}

extension ArchivedAudio {
    /// An archive that was restored to another disk has other inodes, and somebody may have touched a file: one of the
    /// two tells enough, at a path that is nobody else's.
    fileprivate func isThat(_ status: FileStatus, of recording: Recording) -> Bool {
        let known = identity ?? recording.identity
        return status.kind == .regular && status.identity.size == known.size
            && (status.identity.inode == known.inode || status.identity.modified == known.modified)
    }
}
