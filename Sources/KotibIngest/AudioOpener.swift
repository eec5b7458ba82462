import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// Opens the audio of a recording for its transcription: the file that was accepted, or none.
public struct AudioOpener: Sendable {
    private let files: any FileSystem

    public init(files: any FileSystem) {
        self.files = files
    }

    /// - Returns: nil where the file is gone, or is another or changed since it was accepted; the watcher sees to
    ///   those.
    /// - Throws: ``FileError`` where the file cannot be opened for another reason.
    public func open(_ recording: Recording) async throws(FileError) -> OpenFile? {
        let files = files
        do throws(FileError) {
            let opened = try await BlockingWork.run { () throws(FileError) in
                try files.openForReading(recording.path)
            }
            return opened.status.identity == recording.identity ? opened.file : nil
        } catch .notRegular {
            return nil
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return nil }
            throw error
        }
    }
}
