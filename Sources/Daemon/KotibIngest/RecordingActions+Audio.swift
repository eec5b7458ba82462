import KotibCatalog
import KotibModel
import KotibPOSIX

/// The audio, wherever it lies.
extension RecordingActions {
    /// Opens the audio, in the inbox or in the archive. Nil where there is none to see, or it is gone.
    /// - Throws: ``ArchiveOutOfReach``, ``FileError``, ``CatalogError``.
    public func audio(
        _ id: RecordingID, in scope: AccessScope
    ) async throws -> (file: OpenFile, recording: Recording)? {
        guard let recording = try await catalog.recording(id, in: scope) else { return nil }
        if recording.audio == .present,
            let file = try await AudioOpener(files: pipeline.files).open(recording)
        {
            return (file, recording)
        }
        // Asked afterwards: it may just have got there.
        guard let audio = try await catalog.archived(id) else { return nil }
        let archive = pipeline.archive
        let file = try await BlockingWork.run { () throws(ArchiveOutOfReach) in
            guard let archive else { throw ArchiveOutOfReach(cause: nil) }
            do throws(FileError) {
                return try ArchiveDisk.open(audio, of: recording, in: archive.open())
            } catch {
                throw ArchiveOutOfReach(cause: error)
            }
        }
        return file.map { ($0, recording) }
    }

    /// Whether a recording cannot be transcribed again because its audio is in the archive, or on its way there.
    func isArchived(_ recording: Recording) async throws(CatalogError) -> Bool {
        guard let audio = try await catalog.archived(recording.id) else { return false }
        return recording.audio != .present || audio.phase != .kept
    }
}
