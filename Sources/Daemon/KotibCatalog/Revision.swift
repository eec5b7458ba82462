import FoundationEssentials
import KotibModel

/// The origin of a revision's text.
public enum RevisionOrigin: String, Sendable, Codable, CaseIterable {
    case engine, socket, sidecar
}

/// One version of a recording's words.
public struct Revision: Hashable, Sendable {
    public var id: RevisionID
    public var recording: RecordingID
    /// Nil for the engine, the local operator, and a deleted user.
    var author: UserID?
    public var authorFolder: UserFolder?
    public var origin: RevisionOrigin
    public var text: String
    /// After an edit, the engine's times laid over the new words. Empty where the engine gave none.
    public var segments: [TranscriptSegment]
    public var language: String?
    public var created: Date
}

/// A person's change of a recording's words.
public struct TranscriptEdit: Sendable {
    public var recording: RecordingID
    public var scope: AccessScope
    var text: String
    /// Nil for the local operator.
    public var author: UserID?
    var origin: RevisionOrigin
    /// The revision that the person saw; nil to replace any.
    public var expected: RevisionID?

    public init(
        recording: RecordingID, scope: AccessScope, text: String, author: UserID?, origin: RevisionOrigin,
        expected: RevisionID?
    ) {
        self.recording = recording
        self.scope = scope
        self.text = text
        self.author = author
        self.origin = origin
        self.expected = expected
    }
}

public enum EditOutcome: Hashable, Sendable {
    case edited(Revision)
    /// The words are those already.
    case unchanged(Revision)
    /// Another edit came first; this is the current revision.
    case conflict(Revision)
    /// No such recording, or not the caller's.
    case notFound
    /// It has no transcript yet.
    case notTranscribed
    /// The user's quota has no room for it: nothing was changed.
    case overQuota(Rejection)
}
