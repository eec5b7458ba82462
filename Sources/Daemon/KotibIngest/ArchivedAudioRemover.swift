import KotibCatalog
import KotibModel
import KotibPOSIX

/// The archive, as far as deletions need it. The calls block.
package protocol ArchivedAudioRemover: Sendable {
    /// Deletes a recording's audio from the archive, and temporary files that a crash left of it.
    /// - Returns: false where the archive is missing or not mounted.
    func remove(_ audio: ArchivedAudio, of recording: Recording) throws(FileError) -> Bool

    /// Whether a file has the audio's name, or that cannot be checked.
    func mayHold(_ audio: ArchivedAudio) -> Bool
}
