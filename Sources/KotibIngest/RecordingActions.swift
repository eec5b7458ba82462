import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

public enum RetryOutcome: Hashable, Sendable {
    case queued(RecordingID)
    case notFound
    /// It waits or runs already, its audio is gone, or it was refused.
    case notNow(RecordingState, AudioState)
}

public enum UploadOutcome: Sendable {
    case accepted(RecordingID)
    case refused(Rejection)
}

/// What people do to recordings other than by their files: each ends in the catalog and in the folder alike.
public struct RecordingActions: Sendable {
    /// Changes the words; the sidecars are written before this returns, or stay due.
    public func edit(_ edit: TranscriptEdit) async throws -> EditOutcome {
        fatalError("helper C2")
    }

    /// Removes recording, sidecars and audio. False where there is none, or it is not the caller's.
    public func delete(_ id: RecordingID, in scope: AccessScope) async throws -> Bool {
        fatalError("helper C2")
    }

    /// Transcribes again what failed or was completed.
    public func retry(_ id: RecordingID, in scope: AccessScope) async throws -> RetryOutcome {
        fatalError("helper C2")
    }

    /// Opens the audio. Nil where there is none to see, or it is gone.
    public func audio(
        _ id: RecordingID, in scope: AccessScope
    ) async throws -> (file: OpenFile, recording: Recording)? {
        fatalError("helper C2")
    }

    /// Begins an upload into a user's folder.
    /// - Parameter name: as the client calls the file; where it is taken, ` (2)` and so on is put before the ending.
    public func upload(_ name: String, to user: UserID) async throws -> Upload {
        fatalError("helper C2")
    }
}

/// A file on its way into an inbox: invisible until it is whole. One that is not finished leaves nothing.
public struct Upload: Sendable {
    /// Appends. Throws where the disk is full or the file longer than may be.
    public func write(_ bytes: [UInt8]) async throws {
        fatalError("helper C2")
    }

    /// Puts the file under its name and takes it in as if it had been dropped there.
    public func finish() async throws -> UploadOutcome {
        fatalError("helper C2")
    }

    public func cancel() async {
        fatalError("helper C2")
    }
}
