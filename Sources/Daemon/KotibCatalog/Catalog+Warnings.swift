import GRDB
import KotibModel

extension Catalog {
    /// How many transcribed recordings have warnings.
    public func doubtful(in scope: AccessScope) async throws(CatalogError) -> Int {
        let user: Int64? = if case .only(let user) = scope { user.rawValue } else { nil }
        return try await read("doubtful") { database in
            let row =
                if let user { try database.row(WarningSQL.count, [user]) } else {
                    try database.row(WarningSQL.countAll, [])
                }
            return row?["count"] ?? 0
        }
    }
}

extension Database {
    /// Where there are words now, nothing says any more that there are none: a person wrote them.
    func settleWarnings(of id: RecordingID) throws {
        guard let row = try row(WarningSQL.ofWords, [id.rawValue]),
            let text: String = row["transcript_text"], text.contains(where: { !$0.isWhitespace })
        else { return }
        let warnings = [RecordingWarning](json: row["transcription_warnings"])
        let left = warnings.filter { !$0.code.tellsOfNoWords }
        if left != warnings { try run(WarningSQL.set, [try left.json, id.rawValue]) }
    }
}

enum WarningSQL {
    static let isDoubtful = """
        (inspection_warnings IS NOT NULL OR transcription_warnings IS NOT NULL)
        AND transcription_status = 'completed' AND is_current = 1
        """
    static let countAll = """
        SELECT count(*) AS count FROM audio_records a INDEXED BY audio_records_doubtful
        WHERE \(isDoubtful) AND \(DeletionSQL.isVisible)
        """
    static let count = "\(countAll) AND user_id = ?"
    static let ofWords = """
        SELECT transcription_warnings, transcript_text FROM audio_records
        WHERE id = ? AND transcription_warnings IS NOT NULL
        """
    static let set = "UPDATE audio_records SET transcription_warnings = ? WHERE id = ?"
}
