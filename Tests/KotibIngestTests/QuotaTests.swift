import FoundationEssentials
import Glibc
import KotibCatalog
import KotibComponents
import KotibIngestTestSupport
import KotibIntake
import KotibLibrary
import KotibModel
import KotibTestSupport
import KotibWatch
import Logging
import Testing

@testable import KotibIngest

@Suite struct QuotaTests {
    private let clock = ManualClock()

    private func code(_ name: String, _ inbox: IngestFixture) async throws -> String? {
        try await inbox.current("ali/\(name)")?.errorCode
    }

    private func isTaken(_ name: String, _ inbox: IngestFixture) async throws -> Bool {
        try await inbox.current("ali/\(name)")?.state == .pending
    }

    private func ali(_ inbox: IngestFixture) async throws -> UserID {
        try await inbox.catalog.users.enroll("ali")
    }

    private func change(_ quota: QuotaOverrides, _ inbox: IngestFixture) async throws {
        _ = try await inbox.catalog.users.change(ali(inbox)) { $0.quota = quota }
    }

    @Test func recordingWithoutRoomIsAcceptedLater() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 10)))
        try await inbox.drop("sixsix", "ali/a.wav")
        try inbox.folder.write("seven77", to: "ali/b.wav")
        let inboxEvent = try inbox.inboxEvent("ali/b.wav")
        await inbox.pipeline.handle(inboxEvent)
        let refused = try #require(try await inbox.current("ali/b.wav"))
        #expect(refused.state == .rejected && refused.errorCode == "over_quota_bytes")
        let note = try #require(inbox.folder.read("ali/b.wav.rejected.txt"))
        #expect(note == (refused.errorMessage ?? "") + "\n")
        #expect(note.contains("6 bytes of your quota of 10 bytes are used"), "\(note)")
        #expect(note.contains("taken by itself"))
        #expect(try inbox.inboxEvent("ali/b.wav") == inboxEvent, "the file is as it was")
        // A scan leaves it alone: decoding costs.
        #expect(try await inbox.catalog.ingest.isKnown([(refused.path, refused.identity)]) == [true])

        try await inbox.readmitting(clock) {
            try await inbox.lose("ali/a.wav")
            try await waitUntil("it is taken") { try await isTaken("b.wav", inbox) }
            try await waitUntil("its note is gone") { try inbox.names() == ["b.wav"] }
        }
        let taken = try #require(try await inbox.current("ali/b.wav"))
        #expect(taken.id == refused.id && taken.facts == FakeInspector.facts(Array("seven77".utf8)))
        #expect(inbox.inspector.calls == 2, "it was not decoded again")
        #expect(inbox.log.lines.contains { $0.metadata["reason"] == "over_quota_bytes" })
    }

    @Test func asManyAsFitAreTakenOldestFirst() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(files: 1)))
        for name in ["a", "b", "c", "d"] { try await inbox.drop("sound " + name, "ali/\(name).wav") }
        #expect(try await code("d.wav", inbox) == "over_quota_files")
        try await inbox.readmitting(clock) {
            try await change(QuotaOverrides(files: 3), inbox)
            try await waitUntil("two are taken") { try await isTaken("c.wav", inbox) }
        }
        #expect(try await isTaken("b.wav", inbox))
        #expect(try await code("d.wav", inbox) == "over_quota_files")
        #expect(try inbox.names() == ["a.wav", "b.wav", "c.wav", "d.wav", "d.wav.rejected.txt"])
    }

    /// The one that is too large for what is left holds up no smaller one.
    @Test func recordingThatDoesNotFitIsSkipped() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 20)))
        try await inbox.drop(String(repeating: "a", count: 20), "ali/a.wav")
        try await inbox.drop(String(repeating: "b", count: 15), "ali/b.wav")
        try await inbox.drop(String(repeating: "c", count: 21), "ali/c.wav")
        try await inbox.drop(String(repeating: "d", count: 10), "ali/d.wav")
        try await inbox.drop(String(repeating: "e", count: 5), "ali/e.wav")
        #expect(inbox.folder.read("ali/c.wav.rejected.txt")?.contains("never fits") == true)
        try await inbox.readmitting(clock) {
            try await inbox.lose("ali/a.wav")
            try await waitUntil("the last is taken") { try await isTaken("e.wav", inbox) }
        }
        #expect(try await isTaken("b.wav", inbox))
        #expect(try await code("c.wav", inbox) == "over_quota_bytes")
        #expect(try await code("d.wav", inbox) == "over_quota_bytes")
    }

    @Test func minutesComeBackAtMidnight() async throws {
        let inspector = FakeInspector { content, _ in
            var facts = FakeInspector.facts(content)
            facts.duration = 40
            return .facts(facts)
        }
        let inbox = try IngestFixture(
            inspector: inspector, quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        for name in ["a", "b"] { try await inbox.drop("sound " + name, "ali/\(name).wav") }
        #expect(try await code("b.wav", inbox) == "over_quota_minutes")
        let note = inbox.folder.read("ali/b.wav.rejected.txt") ?? ""
        #expect(
            note.contains("0.7 of your 1 minutes a day are used") && note.contains("after midnight"),
            "\(note)")
        // 13:00 in Tashkent.
        let midnight = clock.now.advanced(by: .seconds(11 * 3600))
        try await inbox.readmitting(clock) {
            try await inbox.lose("ali/a.wav")
            clock.advance(by: .seconds(11 * 3600 - 1))
            try await waitUntil("midnight is waited for") { clock.deadlines == [midnight] }
            #expect(try await code("b.wav", inbox) == "over_quota_minutes")
            clock.advance(by: .seconds(1))
            try await waitUntil("it is taken") { try await isTaken("b.wav", inbox) }
        }
        #expect(inspector.calls == 2)
    }

    /// However much time passes between a look at the wall clock and the wait that follows from it: the
    /// second of two looks is the one at what is left of the day.
    @Test(arguments: 0..<3) func midnightIsNotMissedWhereTheMachineStandsStill(_ look: Int) async throws {
        let almostMidnight = Duration.seconds(11 * 3600 - 1)
        let looks = Shared<Int?>(nil)
        let quotas = Quotas(limits: Quota(minutesPerDay: 1), days: LocalDays { _ in 5 * 3600 }) { [clock] in
            let date = clock.date
            let count = looks.change { $0? += 1 }
            if count == look, clock.now.offset == .zero { clock.advance(by: almostMidnight) }
            return date
        }
        let inbox = try IngestFixture(quotas: quotas)
        looks.value = -1
        try await inbox.readmitting(clock) {
            try await waitUntil("time has passed or is waited for") {
                clock.now.offset > .zero || !clock.deadlines.isEmpty
            }
            // The last of the arguments: it looks no third time before it waits.
            if clock.now.offset == .zero { clock.advance(by: almostMidnight) }
            try await waitUntil("midnight is waited for") {
                clock.deadlines.map(\.offset) == [.seconds(11 * 3600)]
            }
        }
    }

    @Test func anotherSettingHoldsFromTheStartOn() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(files: 1)))
        for name in ["a", "b"] { try await inbox.drop("sound " + name, "ali/\(name).wav") }
        // Clears what is remembered, so that nothing reports free space.
        _ = try await inbox.catalog.quotas.usersWithFreedQuota()
        try await change(QuotaOverrides(files: 0), inbox)
        _ = try await inbox.catalog.quotas.usersWithFreedQuota()
        try await inbox.readmitting(clock) {
            try await waitUntil("it is taken at the start") { try await isTaken("b.wav", inbox) }
        }
        #expect(inbox.inspector.calls == 2)
    }

    @Test func movedOrRestoredRecordingNeedsNoRoom() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 6, files: 1)))
        let recording = try #require(try await inbox.drop("sixsix", "ali/a.wav"))
        try #require(rename(inbox.folder.path("ali/a.wav"), inbox.folder.path("ali/b.wav")) == 0)
        await inbox.pipeline.handle(.removed(try inbox.path("ali/a.wav")))
        try await inbox.handle("ali/b.wav")
        #expect(try await inbox.current("ali/b.wav")?.id == recording.id)
        try await inbox.lose("ali/b.wav")
        #expect(try await inbox.drop("sixsix", "ali/b.wav")?.id == recording.id)
        #expect(try inbox.names() == ["b.wav"])
    }

    @Test func waitingFileThatIsTouchedIsRefusedOnce() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(files: 1)))
        for name in ["a", "b"] { try await inbox.drop("sound " + name, "ali/\(name).wav") }
        try await inbox.drop("other sound", "ali/b.wav")
        #expect(try inbox.rows() == 2)
        #expect(try inbox.names() == ["a.wav", "b.wav", "b.wav.rejected.txt"])
        let kept = try await inbox.catalog.quotas.acceptableWaiting(
            ali(inbox), after: nil, limit: 9, under: Quotas.tashkent(clock, Quota()))
        #expect(kept.map(\.facts) == [FakeInspector.facts(Array("other sound".utf8))])
        // Damaged by now, it waits for no room.
        try await inbox.drop("bad", "ali/b.wav")
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 0)
    }

    @Test func anUploadWithoutRoomLeavesNothing() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 10)))
        try await inbox.drop("sixsix", "ali/a.wav")
        let uploads = inbox.uploads
        let ali = try await ali(inbox)
        #expect(try await uploads.refusal(ofUploadTo: ali, atLeast: 4) == nil)
        #expect(
            try await uploads.refusal(ofUploadTo: ali, atLeast: 5)
                == .overQuotaBytes(size: 5, used: 6, limit: 10))
        // The byte too many is not written.
        let long = try await uploads.upload("b.wav", to: ali)
        try await long.write(Array("four".utf8))
        await #expect(throws: Rejection.overQuotaBytes(size: 5, used: 6, limit: 10)) {
            try await long.write([1])
        }
        #expect(try inbox.names() == ["a.wav"])

        // Room that another upload has reserved is not free.
        let (first, second) = (
            try await uploads.upload("c.wav", to: ali), try await uploads.upload("d.wav", to: ali)
        )
        try await first.write(Array("four".utf8))
        await #expect(throws: Rejection.overQuotaBytes(size: 4, used: 10, limit: 10)) {
            try await second.write(Array("four".utf8))
        }
        // A file that was dropped meanwhile counts when the upload is finished.
        try await inbox.drop("Four", "ali/e.wav")
        guard case .refused = try await first.finish() else {
            Issue.record("there is no room")
            return
        }
        #expect(try inbox.names().count == 2)
        #expect(try inbox.rows() == 2)
        #expect(inbox.log.lines.contains { $0.message == "upload refused" })
        try await change(QuotaOverrides(bytes: 0), inbox)
        let third = try await uploads.upload("e.wav", to: ali)
        try await third.write(Array("any sound".utf8))
        guard case .accepted = try await third.finish() else {
            Issue.record("there was room")
            return
        }
    }

    @Test func anUploadHasRoomThatIsMadeWhileItArrives() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 10)))
        try await inbox.drop("sixsix", "ali/a.wav")
        let upload = try await inbox.uploads.upload("b.wav", to: ali(inbox))
        try await inbox.lose("ali/a.wav")
        try await upload.write(Array("seven77".utf8))
        guard case .accepted = try await upload.finish() else {
            Issue.record("there was room")
            return
        }
    }
}
