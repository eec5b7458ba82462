import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Every statement that runs often goes down an index, whatever the backlog.
struct QueryPlanTests {
    private func plan(_ sql: String) async throws -> String {
        try await memoryCatalog().read("test") { database in
            // Values do not matter to a plan: SQLite reads an unbound parameter as NULL.
            let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] as String }.joined(separator: "\n")
        }
    }

    @Test(arguments: [
        (RecordingSQL.current, "INDEX audio_records_current_path (path=?)"),
        (Catalog.identityAtPath, "INDEX audio_records_current_path (path=?)"),
        (Catalog.presentAtOrBelow, "INDEX audio_records_current_path (path>? AND path<?)"),
        (Catalog.presentPage, "PRIMARY KEY (rowid>?)"),
        (Catalog.countByState, "COVERING INDEX audio_records_status"),
        (Catalog.shownTranscript, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (RevisionSQL.shown, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (RevisionSQL.all, "INDEX transcript_revisions_record (audio_record_id=?)"),
        (RevisionSQL.one, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (JobSQL.complete, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (Catalog.duePage, "INDEX audio_records_sidecar_due (id>?)"),
        (Catalog.sidecarAtPath, "INDEX sqlite_autoindex_sidecars_1 (path=?)"),
        (DeletionSQL.visible, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (DeletionSQL.page, "SEARCH deletions USING INTEGER PRIMARY KEY (rowid>?)"),
        (DeletionSQL.finish, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (RecordingSQL.sidecars, "INDEX sidecars_record (audio_record_id=?)"),
        (JobSQL.hasDue, "INDEX audio_records_delayed (due_at<?)"),
        (JobSQL.hasDue, "INDEX audio_records_delayed (due_at>?)"),
        (JobSQL.promote, "INDEX audio_records_delayed (due_at<?)"),
        (JobSQL.promote, "INDEX audio_records_delayed (due_at>?)"),
        (JobSQL.nextDue, "INDEX audio_records_delayed"),
        (JobSQL.interrupted, "INDEX audio_records_status (transcription_status=? AND is_current=?)"),
        (JobSQL.takeTurn, "INDEX users_last_turn"),
    ])
    func usesAnIndex(sql: String, step: String) async throws {
        let plan = try await plan(sql)
        #expect(plan.contains(step))
        #expect(!plan.contains("TEMP B-TREE"))
    }

    @Test func aClaimGoesDownTwoIndexesAndSortsNothing() async throws {
        let plan = try await plan(JobSQL.next)
        #expect(plan.contains("SCAN u USING INDEX users_waiting"))
        #expect(plan.contains("SEARCH a USING INDEX audio_records_ready (user_id=?)"))
        #expect(!plan.contains("TEMP B-TREE"))
    }
}
