import FoundationEssentials
import GRDB
import KotibModel

/// The full-text index, and the long texts that are not indexed yet.
public struct SearchIndexStore: CatalogStore {
    let database: CatalogDatabase

    /// Yields soon after each commit by which ``indexLongTexts()`` may have something to do. Ends when the
    /// task is cancelled or the catalog closed.
    public func signals() -> AsyncStream<Void> {
        database.longTexts.stream()
    }

    /// Adds long texts to the search index and removes them, in chunks, each in a transaction of its own, so
    /// that no other write waits for long. Until that is done a search finds the earlier words. May be ended
    /// at any time: unfinished work is started again, after the texts that wait behind it.
    public func indexLongTexts() async throws(CatalogError) {
        var last: Int64 = 0
        while !Task.isCancelled, let due = try await nextText(after: last) {
            last = due.recording
            try await index(due)
        }
    }

    private struct DueText: Sendable {
        var recording: Int64
        var version: Int64
        var owner: Int64
        /// Nil where the recording or its words are gone.
        var text: String?
    }

    /// - Parameter last: the recording of the previous text; after the last one the first is next.
    private func nextText(after last: Int64) async throws(CatalogError) -> DueText? {
        try await read("nextText") { database in
            let row =
                try database.row(SearchIndexSQL.next, [last]) ?? database.row(SearchIndexSQL.next, [0])
            return row.map { row in
                DueText(
                    recording: row["audio_record_id"], version: row["version"], owner: row["owner"],
                    text: row["transcript_text"])
            }
        }
    }

    private func index(_ due: DueText) async throws(CatalogError) {
        let pieces = await CatalogDatabase.onThread {
            let text = due.text ?? ""
            return text.unicodeScalars.count > SearchPieces.longestWhole ? SearchPieces.of(text) : []
        }
        while !Task.isCancelled {
            let isMore = try await step(due) { database in
                try database.run(SearchIndexSQL.removeOne, [due.recording])
                return database.changesCount == 1
            }
            guard let isMore else { return }
            if !isMore { break }
        }
        for piece in pieces {
            if Task.isCancelled { return }
            let isAdded = try await step(due) { database in
                try database.run(
                    SearchIndexSQL.add, ["recording": due.recording, "owner": due.owner, "text": piece])
                return true
            }
            if isAdded == nil { return }
        }
        if Task.isCancelled { return }
        _ = try await step(due) { database in
            try database.run(SearchIndexSQL.finish, [due.recording])
            return true
        }
    }

    /// - Returns: nil where the words have changed meanwhile: nothing was done.
    private func step(
        _ due: DueText, _ body: @escaping @Sendable (Database) throws -> Bool
    ) async throws(CatalogError) -> Bool? {
        try await write("indexLongTexts") { database in
            let still: StatementArguments = ["recording": due.recording, "version": due.version]
            guard try database.row(SearchIndexSQL.isStill, still) != nil else { return nil }
            return try body(database)
        }
    }
}

extension Database {
    /// Whether any text is so long that it is indexed in pieces.
    func hasSearchPieces() throws -> Bool { try row(SearchIndexSQL.any, []) != nil }
}

enum SearchIndexSQL {
    static let any = "SELECT 1 FROM search_pieces LIMIT 1"
    static let next = """
        SELECT d.audio_record_id, d.version, coalesce(a.user_id, 0) AS owner, a.transcript_text
        FROM search_due d LEFT JOIN audio_records a ON a.id = d.audio_record_id
        WHERE d.audio_record_id > ? ORDER BY d.audio_record_id LIMIT 1
        """
    static let isStill = "SELECT 1 FROM search_due WHERE audio_record_id = :recording AND version = :version"
    static let removeOne = """
        DELETE FROM search_pieces WHERE id = (SELECT max(id) FROM search_pieces WHERE audio_record_id = ?)
        """
    static let add = """
        INSERT INTO search_pieces (id, audio_record_id, owner, text)
        SELECT coalesce((SELECT max(id) FROM search_pieces) + 1, \(SearchPieces.firstID)),
            :recording, :owner, :text
        """
    static let finish = "DELETE FROM search_due WHERE audio_record_id = ?"
}
