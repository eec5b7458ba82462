import FoundationEssentials
import KotibModel

/// Something that happened to a recording, kept for a while so that who follows can go on where they stopped.
public struct CatalogEvent: Hashable, Sendable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A row was added, or its state, its audio's state or its name changed.
        case changed
        /// Its words changed.
        case edited
        case deleted
    }

    /// Rising, never used again.
    public var id: Int64
    public var kind: Kind
    public var recording: RecordingID
    public var user: UserID?
    /// The recording's text form of its path.
    public var file: String
    public var state: RecordingState
    public var audio: AudioState
    public var time: Date
}

extension Catalog {
    /// What happened after event `last`, oldest first. Nil where `last` is older than what is kept, or from
    /// another catalog: who follows must begin anew.
    public func events(
        after last: Int64, in scope: AccessScope, limit: Int
    ) async throws(CatalogError) -> [CatalogEvent]? {
        fatalError("helper B")
    }

    /// The id of the last event; 0 before the first.
    public func lastEvent() async throws(CatalogError) -> Int64 {
        fatalError("helper B")
    }

    /// Yields soon after each commit that added an event; several may give one. Ends when the task is cancelled
    /// or the catalog closed.
    public func eventSignals() -> AsyncStream<Void> {
        fatalError("helper B")
    }
}
