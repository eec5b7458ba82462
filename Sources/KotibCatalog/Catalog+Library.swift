import FoundationEssentials
import KotibModel

/// Which recordings a list or a search is about. All that is set must hold.
public struct RecordingFilter: Hashable, Sendable {
    public var scope: AccessScope
    /// Empty: every state but `rejected`, which the seed's clients do not know.
    public var states: Set<RecordingState> = []
    /// Created at or after.
    public var from: Date?
    /// Created before.
    public var until: Date?
    /// Seconds.
    public var shortest: Double?
    /// Seconds.
    public var longest: Double?
    /// ISO 639-1.
    public var language: String?
    public var user: UserID?
    /// What a person typed: words that the transcript holds, all of them; "…" for a phrase; an ending * for a
    /// beginning of a word.
    public var query: String?

    public init(scope: AccessScope) {
        self.scope = scope
    }
}

/// A stretch of a transcript around what was searched.
public struct SnippetPart: Hashable, Sendable {
    public var text: String
    public var isMatch: Bool

    public init(text: String, isMatch: Bool) {
        self.text = text
        self.isMatch = isMatch
    }
}

/// A recording as a list shows it.
public struct LibraryEntry: Hashable, Sendable {
    public var recording: Recording
    /// The folder's name of its user; nil for a refused file that lies in nobody's folder.
    public var userFolder: [UInt8]?
    /// Nil before there is any.
    public var text: String?
    /// The latest one; nil before there is any.
    public var revision: RevisionID?
    /// Empty unless something was searched.
    public var snippet: [SnippetPart] = []
}

public struct LibraryPage: Hashable, Sendable {
    /// Newest first: by falling id.
    public var entries: [LibraryEntry]
    /// How many there are with this filter, on all pages.
    public var total: Int
    /// Where the next page begins; nil after the last one.
    public var next: RecordingID?
}

extension Catalog {
    /// One page. A page that begins at `before` is stable: what is added meanwhile shifts nothing.
    /// - Parameters:
    ///   - before: only recordings with a smaller id, the ``LibraryPage/next`` of the page before.
    ///   - skip: how many to leave out after that.
    public func list(
        _ filter: RecordingFilter, before: RecordingID? = nil, skip: Int = 0, limit: Int
    ) async throws(CatalogError) -> LibraryPage {
        fatalError("helper B")
    }

    /// Nil where there is none, or it is not the caller's to see.
    public func entry(_ id: RecordingID, in scope: AccessScope) async throws(CatalogError) -> LibraryEntry? {
        fatalError("helper B")
    }
}
