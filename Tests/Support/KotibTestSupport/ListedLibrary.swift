import KotibCatalog
import KotibModel

/// A page of a list, whole in memory.
public struct LibraryPage: Hashable, Sendable {
    /// Newest first.
    public var entries: [LibraryEntry]
    /// The number of recordings with this filter, on all pages.
    public var total: Int
    public var isTotalExact: Bool
    /// The key of the next page. Nil after the last one.
    public var next: RecordingID?
}

/// Whole lists, which the API writes piece by piece.
extension ListingStore {
    public func page(
        _ filter: RecordingFilter, before: RecordingID? = nil, skip: Int = 0, limit: Int,
        countsAll: Bool = false
    ) async throws(CatalogError) -> LibraryPage {
        let index = try await index(filter, before: before, skip: skip, limit: limit, countsAll: countsAll)
        var page = LibraryPage(
            entries: [], total: index.total, isTotalExact: index.isTotalExact, next: index.next)
        var rest = index.recordings[...]
        while !rest.isEmpty {
            let (found, count) = try await listed(rest, filter)
            for recording in found { page.entries.append(try await entry(recording)) }
            rest = rest.dropFirst(count)
        }
        return page
    }

    /// Nil if it does not exist, or the caller may not see it.
    public func entry(
        _ id: RecordingID, in scope: AccessScope = .everyone
    ) async throws(CatalogError) -> LibraryEntry? {
        guard let listed = try await listed(id, in: scope) else { return nil }
        return try await entry(listed)
    }

    /// Newest first; nil where the recording is not the caller's to see.
    public func revisions(
        of id: RecordingID, in scope: AccessScope = .everyone, before: RevisionID? = nil, limit: Int = 100
    ) async throws(CatalogError) -> [Revision]? {
        guard let ids = try await revisionIDs(of: id, in: scope, before: before, limit: limit) else {
            return nil
        }
        var revisions: [Revision] = []
        for number in ids.prefix(limit) {
            guard let listed = try await listed(number, of: id, in: scope) else { continue }
            var revision = listed.revision
            if listed.hasLongText {
                revision.text = try await text(of: number, of: id, size: listed.textSize)
            }
            revisions.append(revision)
        }
        return revisions
    }

    private func entry(_ listed: ListedRecording) async throws(CatalogError) -> LibraryEntry {
        var entry = listed.entry
        if let revision = listed.longText {
            entry.text = try await text(of: revision, of: entry.recording.id, size: listed.textSize)
        }
        return entry
    }

    private func text(
        of revision: RevisionID, of id: RecordingID, size: Int
    ) async throws(CatalogError) -> String {
        String(decoding: try await textPiece(of: revision, of: id, from: 0, upTo: size) ?? [], as: UTF8.self)
    }
}
