import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTranscription

/// Opens the audio of a recording for its transcription, if it is the file that was accepted.
package struct AudioOpener: Sendable {
    private let files: any FileSystem

    package init(files: any FileSystem) {
        self.files = files
    }

    /// Compares an open file with its recording, before and after its job. A rename changes ctime
    /// (rename(2)), as does restoring an old mtime: then the words are for the owner only. Writing through a
    /// memory mapping changes no time as long as the page is dirty, but the kernel reports such a writer. Nil
    /// if the content is another.
    package func check(_ file: OpenFile, of recording: Recording) async -> ContentDoubt? {
        let files = files
        return await BlockingWork.run {
            guard let identity = try? files.status(of: file).identity,
                identity.isSameContent(as: recording.identity)
            else { return nil }
            return identity == recording.identity ? ContentDoubt(WriterCheck(file)) : .doubtful
        }
    }

    /// - Returns: nil if the file is gone, or has changed since it was accepted; the watcher reports that.
    /// - Throws: ``TranscriptionQueue/Unreachable`` if its file system is not mounted or its folder may not
    ///   be entered; ``FileError`` if the file cannot be opened for another reason.
    package func open(_ recording: Recording) async throws -> OpenFile? {
        let files = files
        do throws(FileError) {
            let opened = try await BlockingWork.run { () throws(FileError) in
                try files.openForReading(recording.path)
            }
            return opened.status.identity == recording.identity ? opened.file : nil
        } catch .notRegular {
            return nil
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP:
                let isUnreachable = try await BlockingWork.run { () throws(FileError) in
                    try FileReachability(files: files).isUnreachable(
                        recording.path, on: recording.identity.device)
                }
                if isUnreachable { throw TranscriptionQueue.Unreachable() }
                return nil
            case EACCES, EPERM, EROFS, ESTALE: throw TranscriptionQueue.Unreachable()
            default: throw error
            }
        }
    }
}

extension ContentDoubt {
    init(_ writer: WriterCheck) {
        self =
            switch writer {
            case .none: .none
            case .unknown: .unverified
            case .writing: .doubtful
            }
    }
}
