import Glibc
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTranscription

/// Opens the audio of a recording for its transcription, if it is the file that was accepted.
package struct AudioOpener: Sendable {
    private let files: any FileSystem
    private let inspector: (any Inspecting)?

    /// Inspections of a file that is appended to meanwhile.
    private static let looks = 3

    /// - Parameter inspector: tells whether a longer file is the recording, grown; with nil only the
    ///   unchanged file is opened.
    package init(files: any FileSystem, inspector: (any Inspecting)? = nil) {
        self.files = files
        self.inspector = inspector
    }

    /// Compares an open file with its recording, before and after its job. A rename changes ctime
    /// (rename(2)), as does restoring an old mtime: then the words are for the owner only. Writing through a
    /// memory mapping changes no time as long as the page is dirty, but the kernel reports such a writer. If
    /// sound was only appended since, the words are those of the recording. Nil if the content is another.
    package func check(_ file: OpenFile, of recording: Recording) async -> ContentDoubt? {
        let files = files
        let doubt = await BlockingWork.run { () -> ContentDoubt? in
            guard let identity = try? files.status(of: file).identity,
                identity.isSameContent(as: recording.identity)
            else { return nil }
            return identity == recording.identity ? ContentDoubt(WriterCheck(file)) : .doubtful
        }
        if let doubt { return doubt }
        return await goesOn(file, from: recording) ? .doubtful : nil
    }

    /// Whether the sound of an open file begins with all of the recording's and goes on.
    private func goesOn(_ file: OpenFile, from recording: Recording) async -> Bool {
        guard let inspector, let sound = recording.facts?.sound else { return false }
        var size = recording.identity.size
        for _ in 0..<Self.looks {
            let now = await bytes(in: file)
            guard now > size else { return false }
            size = now
            let result = try? await inspector.inspect(
                file, of: recording.path.user, fileExtension: recording.fileExtension, size: size,
                after: sound, takesIncomplete: true)
            if case .facts(let facts) = result { return facts.continues == sound }
        }
        return false
    }

    private func bytes(in file: OpenFile) async -> Int64 {
        let files = files
        return await BlockingWork.run { (try? files.status(of: file).identity.size) ?? 0 }
    }

    /// - Returns: nil if the file is gone, or has changed since it was accepted; the watcher reports that. A
    ///   file that has become longer is opened: ``check(_:of:)`` tells whether it is the recording, grown.
    /// - Throws: ``TranscriptionQueue/Unreachable`` if its file system is not mounted or its folder may not
    ///   be entered; ``FileError`` if the file cannot be opened for another reason.
    package func open(_ recording: Recording) async throws -> OpenFile? {
        let files = files
        do throws(FileError) {
            let opened = try await BlockingWork.run { () throws(FileError) in
                try files.openForReading(recording.path)
            }
            if opened.status.identity == recording.identity { return opened.file }
            let mayGoOn = inspector != nil && opened.status.identity.size > recording.identity.size
            return mayGoOn ? opened.file : nil
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
