import KotibArchive
import KotibCatalog
import KotibIngest
import KotibModel
import KotibPOSIX
import KotibTranscription

/// The archive cannot be reached: it is missing, not mounted, or not set.
public struct ArchiveOutOfReach: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nil where no archive is set.
    public var cause: FileError?

    public var description: String { cause?.description ?? "no archive.folder is set" }
}

/// The audio of a recording cannot be reached: its file system is not mounted, or its folder may not be
/// entered.
public struct AudioOutOfReach: Error, Hashable, Sendable {}

/// Opens the audio of recordings, wherever it lies.
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

    /// Opens the audio, in the inbox or in the archive. Nil where there is none to see, or it is gone.
    /// - Throws: ``ArchiveOutOfReach``, ``AudioOutOfReach``, ``FileError``, ``CatalogError``.
    public func open(
        _ id: RecordingID, in scope: AccessScope
    ) async throws -> (file: OpenFile, recording: Recording)? {
        guard let recording = try await catalog.recordings.find(id, in: scope) else { return nil }
        if recording.audio == .present {
            do {
                if let file = try await AudioOpener(files: files).open(recording) { return (file, recording) }
            } catch is TranscriptionQueue.OutOfReach {
                throw AudioOutOfReach()
            }
        }
        // Asked afterwards: it may just have got there.
        guard let audio = try await catalog.archive.find(id) else { return nil }
        let archive = archive
        let file = try await BlockingWork.run { () throws(ArchiveOutOfReach) in
            guard let archive else { throw ArchiveOutOfReach(cause: nil) }
            do throws(FileError) {
                return try ArchiveStore(archive.open()).open(audio, of: recording)
            } catch {
                throw ArchiveOutOfReach(cause: error)
            }
        }
        return file.map { ($0, recording) }
    }
}
