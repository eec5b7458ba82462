import KotibArchive
import KotibCatalog
import KotibIngest
import KotibModel
import KotibPOSIX
import KotibTranscription

/// The archive cannot be reached: it is missing, not mounted, or not set.
public struct ArchiveUnreachable: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nil where no archive is set.
    var cause: FileError?

    public var description: String { cause?.description ?? "no archive.folder is set" }
}

/// The audio of a recording cannot be reached: its file system is not mounted, or its folder may not be
/// entered.
public struct AudioUnreachable: Error, Hashable, Sendable {}

/// Opens the audio of recordings in the inbox or in the archive.
public struct RecordingAudio: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let archive: ArchiveFolder?

    /// - Parameter archive: nil where none is set.
    package init(files: any FileSystem, catalog: Catalog, archive: ArchiveFolder?) {
        self.files = files
        self.catalog = catalog
        self.archive = archive
    }

    /// Opens the audio. Nil if the recording does not exist, is not the caller's, or its audio is gone.
    /// - Throws: ``ArchiveUnreachable``, ``AudioUnreachable``, ``FileError``, ``CatalogError``.
    public func open(
        _ id: RecordingID, in scope: AccessScope
    ) async throws -> (file: OpenFile, recording: Recording)? {
        guard let recording = try await catalog.recordings.find(id, in: scope) else { return nil }
        if recording.audio == .present {
            do {
                if let file = try await AudioOpener(files: files).open(recording) { return (file, recording) }
            } catch is TranscriptionQueue.Unreachable {
                throw AudioUnreachable()
            }
        }
        // Asked afterwards: it may just have got there.
        guard let audio = try await catalog.archive.find(id) else { return nil }
        let archive = archive
        let file = try await BlockingWork.run { () throws(ArchiveUnreachable) in
            guard let archive else { throw ArchiveUnreachable(cause: nil) }
            do throws(FileError) {
                return try ArchiveStore(archive.open()).open(audio, of: recording)
            } catch {
                throw ArchiveUnreachable(cause: error)
            }
        }
        return file.map { ($0, recording) }
    }
}
