import Crypto
import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// To another file system: a copy that is looked at again before it counts.
extension ArchiveDisk {
    func copy(to place: InboxPath) throws(ArchiveFault) -> Passage {
        let (inbox, recording) = (inbox, recording)
        let source: OpenFile
        do throws(FileError) {
            let opened = try inbox.openForReading(recording.path)
            guard opened.status.identity == recording.identity else { return .notThere }
            source = opened.file
        } catch .notRegular {
            return .notThere
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return .notThere }
            throw .recording(error)
        }
        try checkOriginalMayGo()
        let folder = try folder(place.parent)
        try checkRoom(folder)
        let new = try ofArchive { () throws(FileError) in try AtomicFile(archive).begin(in: folder) }
        do throws(ArchiveFault) {
            try fill(new.file, from: source)
            try share(new.file, like: source, adding: 0o400)
            try makeLast(new.file)
            guard let written = place.sibling(new.name), try verified(written) != nil else {
                throw try fault(of: source)
            }
            let still = try ofRecording { () throws(FileError) in try inbox.status(of: source).identity }
            guard still == recording.identity else {
                AtomicFile(archive).discard(new)
                return .notThere
            }
            return try name(new, place)
        } catch {
            AtomicFile(archive).discard(new)
            throw error
        }
    }

    /// The file of the archive that has this name, where it holds the recording's audio to the last byte: that and
    /// the name survive a power cut from then on.
    func verified(_ place: InboxPath) throws(ArchiveFault) -> FileIdentity? {
        let (archive, recording) = (archive, recording)
        return try ofArchive { () throws(FileError) in
            let (file, status): (OpenFile, FileStatus)
            do throws(FileError) {
                (file, status) = try archive.openForReading(place)
            } catch .notRegular {
                return nil
            } catch {
                if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return nil }
                throw error
            }
            guard status.identity.size == recording.identity.size, let facts = recording.facts else {
                return nil
            }
            try archive.synchronize(file)
            guard try Self.sha256(of: file) == facts.sha256 else { return nil }
            try archive.synchronize(archive.openFolder(place.parent))
            return status.identity
        }
    }

    /// As it is on the disk, not in memory, where the kernel lets itself be asked (posix_fadvise(2)).
    static func sha256(of file: OpenFile) throws(FileError) -> [UInt8] {
        posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED)
        var hash = SHA256()
        var offset: Int64 = 0
        while true {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try file.read(upTo: piece, from: offset)
            } catch {
                throw .system(error)
            }
            if bytes.isEmpty { return Array(hash.finalize()) }
            hash.update(data: bytes)
            offset += Int64(bytes.count)
        }
    }

    /// Why a copy is not what was transcribed: because the original is not, or because the archive's disk fails.
    private func fault(of source: OpenFile) throws(ArchiveFault) -> ArchiveFault {
        let isTrue = try ofRecording { () throws(FileError) in
            try Self.sha256(of: source) == recording.facts?.sha256
        }
        guard isTrue else { return .mismatch }
        return .archive(
            .system(SystemError(code: EIO, operation: "read what was written", path: recording.path.text)))
    }

    /// Bytes in memory at once.
    private static let piece = 1 << 18

    /// Nothing is copied that could not be removed then.
    private func checkOriginalMayGo() throws(ArchiveFault) {
        let (inbox, path) = (inbox, recording.path)
        try ofRecording { () throws(FileError) in
            let folder = try inbox.openFolder(path.parent)
            do throws(SystemError) { try folder.checkNamesMayChange() } catch { throw .system(error) }
        }
    }

    /// Not begun where it cannot end. Some file systems do not tell how much room there is.
    private func checkRoom(_ folder: OpenFile) throws(ArchiveFault) {
        guard let free = (try? MountFacts(of: folder))?.freeBytes, free > 0,
            free < UInt64(clamping: recording.identity.size)
        else { return }
        throw .archive(.system(SystemError(code: ENOSPC, operation: "write", path: recording.path.text)))
    }

    private func fill(_ new: OpenFile, from source: OpenFile) throws(ArchiveFault) {
        let archive = archive
        var offset: Int64 = 0
        while true {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try source.read(upTo: Self.piece, from: offset)
            } catch {
                throw .recording(.system(error))
            }
            if bytes.isEmpty { return }
            try ofArchive { () throws(FileError) in try archive.write(bytes, to: new) }
            offset += Int64(bytes.count)
        }
    }

    private func makeLast(_ new: OpenFile) throws(ArchiveFault) {
        let (archive, modified) = (archive, recording.identity.modified)
        try ofArchive { () throws(FileError) in
            try archive.setModified(modified, of: new)
            try archive.synchronize(new)
        }
    }

    private func name(_ new: UnfinishedFile, _ place: InboxPath) throws(ArchiveFault) -> Passage {
        do throws(FileError) {
            return .done(try AtomicFile(archive).place(new, as: place.name).identity)
        } catch .occupied {
            AtomicFile(archive).discard(new)
            return .taken
        } catch {
            throw ArchiveFault(error)
        }
    }
}
