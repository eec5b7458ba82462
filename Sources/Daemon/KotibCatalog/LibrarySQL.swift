import KotibModel

/// The statements of lists. They differ only in the states, which are constants and no input, and in the
/// criteria; these decide which index is used.
enum LibrarySQL {
    /// The condition of every listed row.
    enum Part: CaseIterable {
        case everything, ofOneUser, inOneLanguage, ofSomeTime

        fileprivate var index: String {
            switch self {
            case .everything: "audio_records_by_state"
            case .ofOneUser: "audio_records_by_user_and_state"
            case .inOneLanguage: "audio_records_by_state_and_language"
            case .ofSomeTime: "audio_records_by_state_and_time"
            }
        }

        fileprivate var condition: String {
            switch self {
            case .everything: ""
            case .ofOneUser: "a.user_id = :user AND "
            case .inOneLanguage: "a.language = :language AND "
            // A value that may be NULL opens no range of an index; times begin with digits.
            case .ofSomeTime:
                "a.created_at >= coalesce(:from, '') AND a.created_at < coalesce(:until, ':') AND "
            }
        }
    }

    static let entry = """
        SELECT \(RecordingSQL.columns.split(separator: ",").map { "a." + $0.drop(while: \.isWhitespace) }
            .joined(separator: ", ")), a.revision_id, a.transcript_text, \(ArchiveSQL.since) AS archived_at,
            (SELECT folder FROM users u WHERE u.id = a.user_id) AS user_folder
        FROM audio_records a
        WHERE a.id = :recording AND (:user IS NULL OR a.user_id = :user) AND \(DeletionSQL.isVisible)
        """

    /// Each state's part comes out of its index in the order of ids, and SQLite merges the parts: nothing is
    /// sorted, and no more is read than is shown. But those of some time are all read and sorted.
    static func page(_ states: [RecordingState], _ part: Part) -> String {
        let parts = states.map { state in
            "SELECT a.id AS id FROM \(source(state, part)) AND a.id < :before"
        }
        return parts.joined(separator: " UNION ALL ") + " ORDER BY id DESC LIMIT :limit OFFSET :skip"
    }

    /// Reads all of an index, but only that: some 0.1 s for a million; of some time, no more than is counted.
    static func total(_ states: [RecordingState], _ part: Part) -> String {
        let parts = states.map { state in "(SELECT count(*) FROM \(source(state, part)))" }
        return "SELECT \(parts.joined(separator: " + ")) AS count"
    }

    /// Rows with a pending deletion still count; there are few of them.
    static func keptTotal(_ states: [RecordingState], ofOneUser: Bool) -> String {
        """
        SELECT (SELECT coalesce(sum(count), 0) FROM recording_counts
                WHERE status IN (\(list(states))) \(ofOneUser ? "AND user_id = :user" : "")
                    AND (:language IS NULL OR language = :language))
            - (SELECT count(*) FROM deletions d CROSS JOIN audio_records a ON a.id = d.audio_record_id
                WHERE a.transcription_status IN (\(list(states)))
                    \(ofOneUser ? "AND a.user_id = :user" : "")
                    AND (:language IS NULL OR a.language = :language)) AS count
        """
    }

    static func searchPage(_ states: [RecordingState]) -> String {
        """
        SELECT s.rowid AS id FROM \(searchSource(states)) AND s.rowid < :before
        ORDER BY s.rowid DESC LIMIT :limit OFFSET :skip
        """
    }

    static func searchTotal(_ states: [RecordingState]) -> String {
        "SELECT count(*) AS count FROM (SELECT 1 FROM \(searchSource(states)) LIMIT :limit)"
    }

    /// As ``searchPage(_:)``, where there are texts that are indexed in pieces.
    /// - Parameter terms: how many each of such a text's pieces are looked through for.
    static func searchPage(_ states: [RecordingState], terms: Int) -> String {
        """
        SELECT s.rowid AS id FROM \(searchSource(states)) AND s.rowid < :before
        UNION ALL
        SELECT a.id AS id FROM \(pieceSource(states, terms)) AND a.id < :before
        ORDER BY id DESC LIMIT :limit OFFSET :skip
        """
    }

    static func searchTotal(_ states: [RecordingState], terms: Int) -> String {
        """
        SELECT count(*) AS count FROM (SELECT 1 FROM \(searchSource(states))
            UNION ALL SELECT 1 FROM \(pieceSource(states, terms)) LIMIT :limit)
        """
    }

    /// The recordings that have each term (`:term0`, `:term1`…) in some piece.
    private static func pieceSource(_ states: [RecordingState], _ terms: Int) -> String {
        let each = (0..<terms).map { term in
            """
            SELECT DISTINCT p.audio_record_id AS id FROM transcript_search s
                CROSS JOIN search_pieces p ON p.id = s.rowid
                WHERE s.transcript_search MATCH :term\(term)
            """
        }
        return """
            (\(each.joined(separator: " INTERSECT "))) l CROSS JOIN audio_records a ON a.id = l.id
            WHERE a.transcription_status IN (\(list(states))) AND (:user IS NULL OR a.user_id = :user)
                AND \(conditions)
            """
    }

    /// As ``searchTotal(_:)`` where nothing but the words is asked for: what has words was never refused.
    static let searchTotalOfAll = """
        SELECT count(*) AS count FROM (SELECT 1 FROM transcript_search s WHERE s.transcript_search MATCH :match
            LIMIT :limit)
        """

    static let hasDeletions = "SELECT 1 FROM deletions LIMIT 1"

    private static func source(_ state: RecordingState, _ part: Part) -> String {
        """
        audio_records a INDEXED BY \(part.index)
        WHERE \(part.condition)a.transcription_status = '\(state.rawValue)'
            AND \(conditions)\(state == .failed ? isNotSuperseded : "")
        """
    }

    /// A recording that was replaced before it was transcribed did not fail.
    private static let isNotSuperseded = " AND a.error_code IS NOT 'superseded'"

    /// The scope is part of the expression to match.
    private static func searchSource(_ states: [RecordingState]) -> String {
        """
        transcript_search s CROSS JOIN audio_records a ON a.id = s.rowid
        WHERE s.transcript_search MATCH :match AND a.transcription_status IN (\(list(states))) AND \(conditions)
        """
    }

    private static let conditions = """
        (:from IS NULL OR a.created_at >= :from) AND (:until IS NULL OR a.created_at < :until)
            AND (:shortest IS NULL OR a.duration >= :shortest)
            AND (:longest IS NULL OR a.duration <= :longest)
            AND (:language IS NULL OR a.language = :language) AND \(DeletionSQL.isVisible)
        """

    private static func list(_ states: [RecordingState]) -> String {
        states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }
}
