import Glibc
import KotibCatalog
import KotibPOSIX

/// What of a deleted recording lies in the archive goes too.
extension Deletions {
    /// With the turn.
    func remove(
        _ audio: ArchivedAudio, of recording: Recording, _ isUnchanged: inout Bool
    ) async throws(FileNotRemoved) {
        guard let archive else {
            let cause = SystemError(code: ENOENT, operation: "open", path: "archive.folder")
            throw FileNotRemoved(file: audio.path, cause: .system(cause), isUnchanged: isUnchanged)
        }
        let files = files
        do throws(FileError) {
            try await BlockingWork.run { () throws(FileError) in
                let archive = try archive.open()
                try ArchiveDisk(inbox: files, archive: archive, recording: recording).remove(audio)
            }
            isUnchanged = false
        } catch {
            // A fault in the middle may have left the file without its name.
            let stands = await BlockingWork.run {
                guard let archive = try? archive.open() else { return true }
                return (try? archive.examine(audio.path)) != .some(nil)
            }
            throw FileNotRemoved(file: audio.path, cause: error, isUnchanged: isUnchanged && stands)
        }
    }
}
