import FoundationEssentials
import GRDB
import KotibModel

/// A recording's revisions, newest first; the times in them are left out.
public struct RevisionPage: Hashable, Sendable {
    public var revisions: [Revision]
    /// Where the next page begins; nil on the last one.
    public var next: RevisionID?
}

extension Catalog {
    /// Bytes of text after which a page ends, however few revisions it has: people save often, and long texts.
    static let longestRevisionPage = 8 << 20

    /// Nil where the recording is not the caller's to see.
    /// - Parameter before: only those that are older.
    public func revisions(
        of id: RecordingID, in scope: AccessScope, before: RevisionID? = nil, limit: Int = 100
    ) async throws(CatalogError) -> RevisionPage? {
        try await read("revisions") { database in
            guard try database.recording(id, in: scope) != nil else { return nil }
            let statement = try database.cachedStatement(sql: RevisionSQL.page)
            let rows = try Row.fetchCursor(
                statement, arguments: [id.rawValue, before?.rawValue ?? .max, max(limit, 1) + 1])
            var page = RevisionPage(revisions: [], next: nil)
            var size = 0
            while let row = try rows.next() {
                if page.revisions.count >= max(limit, 1) || size >= Self.longestRevisionPage {
                    page.next = page.revisions.last?.id
                    break
                }
                let revision = try Revision(row)
                size += revision.text.utf8.count
                page.revisions.append(revision)
            }
            return page
        }
    }
}
