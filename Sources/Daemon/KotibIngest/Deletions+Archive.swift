import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// What of a deleted recording lies in the archive goes too.
extension Deletions {
    /// With the turn.
    func remove(
        _ audio: ArchivedAudio, of recording: Recording, _ isUnchanged: Bool
    ) async throws(FileNotRemoved) {
        guard let archive else {
            throw Self.archiveIsAway(audio)
        }
        let files = files
        do throws(FileError) {
            let isThere = try await BlockingWork.run { () throws(FileError) in
                guard let archive = try Self.openIfThere(archive) else { return false }
                try ArchiveDisk(inbox: files, archive: archive, recording: recording).remove(audio)
                return true
            }
            if isThere { return }
        } catch {
            // A fault in the middle may have left the file without its name.
            let stands = await BlockingWork.run {
                guard let archive = try? archive.open() else { return true }
                return (try? archive.examine(audio.path)) != .some(nil)
            }
            throw FileNotRemoved(file: audio.path, cause: error, isUnchanged: isUnchanged && stands)
        }
        throw Self.archiveIsAway(audio)
    }

    /// Nil where there is no such folder, or it is the mount point of an archive that is not mounted.
    private static func openIfThere(_ archive: ArchiveFolder) throws(FileError) -> (any FileSystem)? {
        do throws(FileError) {
            return try archive.open()
        } catch {
            if [ENOENT, ENOTDIR].contains(error.code) { return nil }
            throw error
        }
    }

    private static func archiveIsAway(_ audio: ArchivedAudio) -> FileNotRemoved {
        FileNotRemoved(
            file: audio.path, cause: .away(path: audio.path.text), isUnchanged: false, waitsFor: .archive)
    }
}
