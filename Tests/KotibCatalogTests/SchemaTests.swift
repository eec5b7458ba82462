import FoundationEssentials
import GRDB
import Glibc
import Testing

@testable import KotibCatalog

struct SchemaTests {
    /// `make schema` writes the file anew: it runs this test with `KOTIB_WRITE_SCHEMA` set.
    @Test func theFileThatPeopleReadIsTheSchemaOfANewCatalog() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/schema.sql")
        let schema = try await schema(of: memoryCatalog())
        if getenv("KOTIB_WRITE_SCHEMA") != nil {
            try schema.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == schema, "docs/schema.sql: run `make schema`")
    }

    /// Each table, followed by its indexes and triggers, without the shadow tables of full-text indexes,
    /// whose statements depend on SQLite.
    private func schema(of catalog: Catalog) async throws -> String {
        let statements = try await catalog.database.read("test") { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT sql FROM sqlite_schema AS s
                    WHERE sql IS NOT NULL AND tbl_name NOT IN ('grdb_migrations', 'sqlite_sequence')
                        AND NOT EXISTS (
                            SELECT 1 FROM sqlite_schema AS v
                            WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%' AND s.name LIKE v.name || '\\_%' ESCAPE '\\'
                                AND s.type = 'table' AND s.sql LIKE 'CREATE TABLE ''%')
                    ORDER BY tbl_name, type <> 'table', type, name
                    """)
        }
        let header = """
            -- The tables of kotib.sqlite as a new catalog has them, after all migrations.
            -- Written by `make schema`; do not edit. The migrations are in Sources/Daemon/KotibCatalog/Migrations.
            """
        return header + "\n\n" + statements.map { $0 + ";\n" }.joined(separator: "\n")
    }
}
