import Glibc
import KotibCatalog
import KotibCrypto
import KotibModel
import KotibPOSIX

/// The audio files in an archive. The calls block on the disk.
package struct ArchiveStore: Sendable {
    /// Bytes in memory at once.
    static let piece = 1 << 18

    private let archive: any FileSystem

    package init(_ archive: any FileSystem) {
        self.archive = archive
    }

    /// Opens the audio in the archive; nil where it is not there.
    package func open(
        _ audio: ArchivedAudio, of recording: Recording
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

    /// The file at this path of the archive, if it holds the recording's audio byte for byte. The file and
    /// its name survive a power cut then.
    func verified(_ place: InboxPath, of recording: Recording) throws(ArchiveFault) -> FileIdentity? {
        try ArchiveFault.ofArchive { () throws(FileError) in
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

    /// Reads from the disk and not from the page cache, as far as the kernel allows (posix_fadvise(2)).
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
            if bytes.isEmpty { return hash.finalize() }
            hash.update(bytes)
            offset += Int64(bytes.count)
        }
    }

    /// Deletes the audio in the archive and temporary copies that a crash left. Any other file at that path
    /// stays.
    func remove(_ audio: ArchivedAudio, of recording: Recording) throws(FileError) {
        do throws(FileError) {
            let folder = try archive.openFolder(audio.path.parent)
            try removeLeftovers(in: folder)
            guard let status = try archive.examine(audio.path.name, in: folder) else {
                // Removed before a crash, perhaps, and a power cut could still undo that.
                return try archive.synchronize(folder)
            }
            guard status.kind == .regular, try isAudio(audio, status, of: recording) else { return }
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

    private func isAudio(
        _ audio: ArchivedAudio, _ status: FileStatus, of recording: Recording
    ) throws(FileError) -> Bool {
        if audio.identity != nil { return audio.isThat(status, of: recording) }
        do throws(ArchiveFault) {
            return try verified(audio.path, of: recording) != nil
        } catch {
            switch error {
            case .archive(let cause), .recording(let cause): throw cause
            case .mismatch: return false
            }
        }
    }
}

extension ArchivedAudio {
    /// An archive that was restored to another disk has other inodes, and somebody may have touched a file:
    /// one of the two tells enough, at a path that is nobody else's.
    fileprivate func isThat(_ status: FileStatus, of recording: Recording) -> Bool {
        let known = identity ?? recording.identity
        return status.kind == .regular && status.identity.size == known.size
            && (status.identity.inode == known.inode || status.identity.modified == known.modified)
    }
}

/// The names to try for audio in the archive: its own, then with ` (2)` and so on before the extension.
enum ArchiveName {
    /// More files of one name are not to be expected.
    static let most = 10_000
    /// Bytes. Longer text after a dot is no ending.
    private static let longestEnding = 32

    /// - Parameter number: from 1 on.
    static func bytes(_ name: [UInt8], _ number: Int) -> [UInt8] {
        guard number > 1 else { return name }
        let (stem, ending) = parts(name)
        let tail = Array(" (\(number))".utf8) + ending
        var length = min(stem.count, InboxPath.longestName - tail.count)
        if length < stem.count {
            // Not in the middle of a character: back over continuation bytes (RFC 3629), of which there are 3
            // at most.
            for _ in 0..<3 where length > 1 && stem[length] & 0xC0 == 0x80 { length -= 1 }
        }
        return stem[..<length] + tail
    }

    /// A name that begins with its only dot has no ending.
    private static func parts(_ name: [UInt8]) -> (stem: [UInt8], ending: [UInt8]) {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name.count - dot <= longestEnding
        else { return (name, []) }
        return (Array(name[..<dot]), Array(name[dot...]))
    }
}
