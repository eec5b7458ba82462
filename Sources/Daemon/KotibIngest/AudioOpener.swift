import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTranscription

/// Opens the audio of a recording for its transcription: the file that was accepted, or none.
package struct AudioOpener: Sendable {
    private let files: any FileSystem

    package init(files: any FileSystem) {
        self.files = files
    }

    /// Compares an open file with its recording, before and after its job. A rename changes ctime
    /// (rename(2)), and so does giving a file its old mtime back: then only the owner may have the words.
    /// Writing through a memory mapping changes no time for as long as the page stays dirty, but the kernel
    /// reports such a writer. Nil where the content is another.
    package func check(_ file: OpenFile, of recording: Recording) async -> ContentDoubt? {
        let files = files
        return await BlockingWork.run {
            guard let identity = try? files.status(of: file).identity,
                identity.isSameContent(as: recording.identity)
            else { return nil }
            return identity == recording.identity ? ContentDoubt(WriterCheck(file)) : .doubtful
        }
    }

    /// - Returns: nil where the file is gone, or is another or changed since it was accepted; the watcher
    ///   sees to those.
    /// - Throws: ``TranscriptionQueue/OutOfReach`` where its file system is not mounted or its folder may not
    ///   be entered; ``FileError`` where the file cannot be opened for another reason.
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
                let isAway = try await BlockingWork.run { () throws(FileError) in
                    try Whereabouts(files: files).isAway(recording.path, on: recording.identity.device)
                }
                if isAway { throw TranscriptionQueue.OutOfReach() }
                return nil
            case EACCES, EPERM, EROFS, ESTALE: throw TranscriptionQueue.OutOfReach()
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
