import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct QuotaTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func quotas(_ limits: Quota, _ now: Date = noon) -> Quotas {
        Quotas(limits: limits, days: LocalDays { _ in 0 }, now: { now })
    }

    /// Takes a file of `content`, or keeps it waiting.
    @discardableResult
    private func arrive(
        _ path: String, content: UInt8 = 1, size: Int64 = 1000, seconds: Double = 10, _ quotas: Quotas
    ) async throws -> Rejection? {
        let (path, identity) = (try inboxPath(path), identity(UInt64(content) + 1, size: size))
        let facts = facts(content, duration: seconds)
        switch try await catalog.ingest.accept(path, identity: identity, facts: facts, under: quotas) {
        case .success: return nil
        case .failure(let rejection):
            _ = try await catalog.ingest.reject(
                path, identity: identity, rejection: rejection, message: "Too much.", facts: facts, now: noon)
            return rejection
        }
    }

    private func use(_ folder: String = "ali") async throws -> QuotaUsage {
        try #require(
            try await catalog.users.page(folder: UserFolder(stringLiteral: folder), skip: 0, limit: 1).users
                .first
        ).use
    }

    private func ali() async throws -> UserID { try await catalog.users.enroll("ali") }

    private func waiting(_ quotas: Quotas) async throws -> [String] {
        try await catalog.quotas.acceptableWaiting(ali(), after: nil, limit: 100, under: quotas).map(
            \.path.text)
    }

    @Test func theBoundaryIsExact() async throws {
        let bytes = quotas(Quota(bytes: 2500))
        #expect(try await arrive("ali/1.mp3", content: 1, bytes) == nil)
        #expect(try await arrive("ali/2.mp3", content: 2, size: 1501, bytes) != nil)
        #expect(try await use() == QuotaUsage(bytes: 1000, files: 1, milliseconds: 10_000, day: 20_833))
        #expect(try await arrive("ali/3.mp3", content: 3, size: 1500, bytes) == nil)
        #expect(try await use().bytes == 2500)
        #expect(try await arrive("vali/1.mp3", content: 1, bytes) == nil, "each user has their own")
    }

    @Test func ofManyAtOnceExactlyAsManyAsFitAreTaken() async throws {
        let quotas = quotas(Quota(bytes: 7000, files: 10, minutesPerDay: 2))
        let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask { try await arrive("ali/\(number).mp3", content: UInt8(number), quotas) == nil }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 7)
        #expect(try await use() == QuotaUsage(bytes: 7000, files: 7, milliseconds: 70_000, day: 20_833))
        #expect(try await catalog.quotas.countWaitingForQuota() == 33)
        try await expectTrueCounters()
    }

    @Test func acceptedRecordingNeedsNoFurtherQuota() async throws {
        let unlimited = quotas(Quota())
        try await arrive("ali/1.mp3", content: 1, unlimited)
        try await arrive("ali/2.mp3", content: 2, unlimited)
        let full = quotas(Quota(bytes: 1, files: 1, minutesPerDay: 1))
        #expect(try await arrive("ali/1.mp3", content: 1, full) == nil, "touched")
        _ = try await catalog.ingest.markGone(inboxPath("ali/2.mp3"))
        #expect(try await use().files == 1)
        #expect(try await arrive("ali/2.mp3", content: 2, full) == nil, "back")
        #expect(try await use() == QuotaUsage(bytes: 2000, files: 2, milliseconds: 20_000, day: 20_833))
        let failed = try #require(try await catalog.jobs.claimNext())
        _ = try await catalog.jobs.fail(failed.id, code: "x", message: "x")
        let again = try await catalog.ingest.accept(
            failed.path, identity: failed.identity, facts: try #require(failed.facts), under: full)
        #expect(try again.get() == .readmitted(failed.id, notes: []))
        #expect(try await use().milliseconds == 20_000)
    }

    @Test func aSmallerOneMayTakeTheLargersPlace() async throws {
        try await arrive("ali/1.mp3", content: 1, size: 3000, quotas(Quota()))
        try await arrive("ali/2.mp3", content: 2, size: 3000, quotas(Quota()))
        let full = quotas(Quota(bytes: 2000))
        #expect(try await arrive("ali/1.mp3", content: 3, size: 2999, full) == nil)
        #expect(try await use().bytes == 5999)
        let refusal = try await arrive("ali/1.mp3", content: 4, size: 3001, full)
        #expect(refusal == .overQuotaBytes(size: 3001, used: 3000, limit: 2000))
        // The earlier file is gone.
        #expect(try await use().bytes == 3000)
        #expect(try await catalog.recordings.current(inboxPath("ali/1.mp3"))?.errorCode == "over_quota_bytes")
        try await expectTrueCounters()
    }

    @Test func minutesComeBackWithTheDayAndNotByDeleting() async throws {
        let limits = Quota(minutesPerDay: 1)
        #expect(try await arrive("ali/1.mp3", content: 1, seconds: 45, quotas(limits)) == nil)
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        #expect(
            try await arrive("ali/2.mp3", content: 2, seconds: 16, quotas(limits))
                == .overQuotaMinutes(duration: 16, used: 45, limit: 60))
        #expect(try await waiting(quotas(limits)) == [])
        let lastSecond = noon + 16 * 3600 - 1
        #expect(try await waiting(quotas(limits, lastSecond)) == [])
        #expect(try await waiting(quotas(limits, lastSecond + 1)) == ["ali/2.mp3"])
        #expect(try await arrive("ali/2.mp3", content: 2, seconds: 16, quotas(limits, lastSecond + 1)) == nil)
        #expect(try await use().milliseconds == 16_000)
    }

    @Test func waitingRecordingsThatFitComeOldestFirst() async throws {
        let full = quotas(Quota(bytes: 3000))
        try await arrive("ali/0.mp3", content: 0, size: 3000, full)
        for (content, size) in [(1, 2000), (2, 3001), (3, 500), (4, 1000)] as [(UInt8, Int64)] {
            try await arrive("ali/\(content).mp3", content: content, size: size, full)
        }
        #expect(try await waiting(full) == [])
        _ = try await catalog.ingest.markGone(inboxPath("ali/0.mp3"))
        #expect(try await waiting(full) == ["ali/1.mp3", "ali/3.mp3", "ali/4.mp3"])
        let kept = try #require(
            try await catalog.quotas.acceptableWaiting(ali(), after: nil, limit: 1, under: full).first)
        #expect(kept.facts == facts(1) && kept.identity == identity(2, size: 2000))
        #expect(try await arrive("ali/1.mp3", content: 1, size: 2000, full) == nil)
        #expect(try await waiting(full) == ["ali/3.mp3", "ali/4.mp3"])
        let rest = try await catalog.quotas.acceptableWaiting(ali(), after: kept.id, limit: 1, under: full)
        #expect(rest.map(\.path.text) == ["ali/3.mp3"])
        // Recordings that are gone, being deleted, or refused for another reason wait no more.
        _ = try await catalog.ingest.markGone(inboxPath("ali/3.mp3"))
        #expect(try await waiting(full) == ["ali/4.mp3"])
        let last = try #require(try await catalog.recordings.current(inboxPath("ali/4.mp3")))
        _ = try await catalog.deletions.decide(of: last.id, in: .everyone)
        #expect(try await waiting(full) == [])
        try await catalog.deletions.withdraw(of: last.id)
        _ = try await catalog.ingest.reject(
            last.path, identity: last.identity, rejection: .unreadable, message: "Closed.")
        #expect(try await waiting(full) == [])
        #expect(try await catalog.quotas.countWaitingForQuota() == 1)
    }

    /// Another scan accepted the file between the refusal and its record.
    @Test func fileAcceptedMeanwhileIsNotRefused() async throws {
        let path = try inboxPath("ali/1.mp3")
        let id = try await catalog.ingest.accept(path, identity: identity(1), facts: facts(1)).recording
        let refusal = try await catalog.ingest.reject(
            path, identity: identity(1), rejection: .overQuotaFiles(used: 1, limit: 1), message: "Full.",
            facts: facts(1))
        #expect(refusal.isKept && refusal.recording == id)
        #expect(try await catalog.recordings.state(id) == .pending)
        #expect(try await catalog.quotas.countWaitingForQuota() == 0)
    }

    @Test func roomIsToldWhereSomethingWaits() async throws {
        let full = quotas(Quota(files: 1))
        try await arrive("ali/1.mp3", content: 1, full)
        let ali = try await ali()
        _ = try await catalog.users.change(ali) { $0.quota.files = 1 }
        #expect(try await catalog.quotas.usersWithFreedQuota() == [], "nothing waits")
        try await arrive("ali/2.mp3", content: 2, full)
        // Room may have been made between its refusal and the record of that.
        #expect(try await catalog.quotas.usersWithFreedQuota() == [ali])
        #expect(try await catalog.quotas.usersWithFreedQuota() == [])
        #expect(try await catalog.quotas.usersWaitingForQuota() == [ali])
        let signals = catalog.quotas.quotaSignals()
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        for await _ in signals { break }
        #expect(try await catalog.quotas.usersWithFreedQuota() == [ali])
        _ = try await catalog.users.change(ali) { $0.quota.files = nil }
        #expect(try await catalog.quotas.usersWithFreedQuota() == [ali])
        _ = try await catalog.users.change(ali) { $0.settings.language = "uz" }
        #expect(try await catalog.quotas.usersWithFreedQuota() == [])
    }

    @Test func aUsersOwnQuotaHoldsInPlaceOfTheDaemons() async throws {
        let one = quotas(Quota(files: 1))
        try await arrive("ali/1.mp3", content: 1, one)
        let ali = try await ali()
        let changed = try await catalog.users.change(ali) {
            $0.quota = QuotaOverrides(bytes: 5000, files: 2, minutesPerDay: 0)
        }
        #expect(changed?.quota == QuotaOverrides(bytes: 5000, files: 2, minutesPerDay: 0))
        #expect(try await arrive("ali/2.mp3", content: 2, one) == nil)
        #expect(try await arrive("ali/3.mp3", content: 3, one) == .overQuotaFiles(used: 2, limit: 2))
        _ = try await catalog.users.change(ali) { $0.quota.files = 0 }
        #expect(
            try await catalog.quotas.refusal(of: QuotaClaim(size: 3000, milliseconds: 1), by: ali, under: one)
                == nil
        )
        #expect(try await arrive("ali/4.mp3", content: 4, size: 3001, one)?.code == "over_quota_bytes")
    }

    @Test func recordingsFromBeforeTheQuotaCount() async throws {
        let queue = try DatabaseQueue()
        try Migrations.all.migrate(queue, upTo: "12 moves")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (id, folder, created_at) VALUES (7, CAST('ali' AS BLOB), '2027-01-15T08:00:00.000Z'),
                        (8, CAST('vali' AS BLOB), '2027-01-15T08:00:00.000Z');
                    """)
            for (number, state, audio) in [
                (1, "completed", "present"), (2, "failed", "present"), (3, "pending", "gone"),
                (4, "rejected", "present"), (5, "completed", "replaced"),
            ] {
                try database.execute(
                    sql: """
                        INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device,
                            inode, file_size, modified_ns, changed_ns, sha256, transcription_status, audio_state,
                            is_current, created_at, updated_at, transcript_text)
                        VALUES (7, 'a', 'a', 'a', CAST(:number AS BLOB), 1, 1, 10 * :number, 1, 1,
                            zeroblob(32), :state, :audio, :audio <> 'replaced', '2027-01-15T08:00:00.000Z',
                            '2027-01-15T08:00:00.000Z', 'x')
                        """, arguments: ["number": number, "state": state, "audio": audio])
            }
        }
        let catalog = try Catalog(queue)
        #expect(try await catalog.users.find(UserID(rawValue: 7))?.use == QuotaUsage(bytes: 30, files: 2))
        #expect(try await catalog.users.find(UserID(rawValue: 8))?.use == QuotaUsage())
    }

    @Test func countersAreRightWhateverHappensToTheRows() async throws {
        var random = SeededGenerator(seed: 3)
        let quotas = quotas(Quota(bytes: 5000, files: 4, minutesPerDay: 30))
        for step in 0..<800 {
            let path =
                "user\(Int.random(in: 0..<3, using: &random))/\(Int.random(in: 0..<8, using: &random)).mp3"
            let content = UInt8.random(in: 0..<6, using: &random)
            let current = try await catalog.recordings.current(inboxPath(path))
            switch Int.random(in: 0..<9, using: &random) {
            case 0, 1, 2:
                try await arrive(path, content: content, size: 500 * Int64(content + 1), seconds: 1, quotas)
            case 3: try await catalog.ingest.reject(path)
            case 4: _ = try await catalog.ingest.markGone(inboxPath(path))
            case 5: if let current { try await move(current, &random) }
            case 6: if let current { try await delete(current, isWithdrawn: step % 3 == 0) }
            default:
                guard let id = try await catalog.jobs.claimNext(noon + Double(step))?.id else { continue }
                if step % 2 == 0 { _ = try await catalog.jobs.fail(id, code: "x", message: "x") }
            }
            if step % 50 == 0 { try await expectTrueCounters() }
        }
        try await expectTrueCounters()
        try await catalog.database.write("test") {
            try $0.execute(sql: "UPDATE audio_records SET file_size = file_size + 1 WHERE id % 3 = 0")
            try $0.execute(sql: "DELETE FROM audio_records WHERE id % 2 = 0")
        }
        try await expectTrueCounters()
    }

    private func move(_ recording: Recording, _ random: inout SeededGenerator) async throws {
        let user = recording.path.user.text
        let to = try inboxPath("\(user)/\(Int.random(in: 0..<8, using: &random)).mp3")
        guard recording.facts != nil, to != recording.path else { return }
        _ = try await catalog.moves.relocate(recording, to: to, identity: recording.identity)
    }

    private func delete(_ recording: Recording, isWithdrawn: Bool) async throws {
        guard try await catalog.deletions.decide(of: recording.id, in: .everyone) != nil else { return }
        if isWithdrawn { return try await catalog.deletions.withdraw(of: recording.id) }
        _ = try await catalog.deletions.finish(of: recording.id)
    }

    /// A full sum beside each counter, and what waits beside what is refused for want of room.
    private func expectTrueCounters() async throws {
        let counted = """
            FROM audio_records a WHERE a.user_id = u.id AND a.is_current AND a.audio_state = 'present'
                AND a.transcription_status <> 'rejected'
            """
        let refused = """
            SELECT id FROM audio_records WHERE error_code LIKE 'over_quota%' AND audio_state = 'present'
                AND transcription_status = 'rejected' AND is_current
            """
        let wrong = try await catalog.database.read("test") { database in
            [
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT count(*) FROM users u
                        WHERE used_bytes <> (SELECT coalesce(sum(file_size), 0) \(counted))
                            OR used_files <> (SELECT count(*) \(counted))
                        """),
                try Int.fetchOne(
                    database,
                    sql:
                        "SELECT count(*) FROM (\(refused)) WHERE id NOT IN (SELECT audio_record_id FROM quota_waits)"
                ),
                try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM quota_waits WHERE audio_record_id NOT IN (\(refused))"),
            ]
        }
        #expect(wrong == [0, 0, 0])
    }
}
