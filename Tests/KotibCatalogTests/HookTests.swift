import FoundationEssentials
import GRDB
import KotibModel
import Testing

@testable import KotibCatalog

struct HookTests {
    private let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func next(_ receiver: HookReceiver = .program, now: Date = noon) async throws -> HookDelivery? {
        guard case .delivery(let delivery) = try await catalog.hooks.next(for: receiver, now: now) else {
            return nil
        }
        return delivery
    }

    /// Takes all that there is to tell.
    private func drain(_ receiver: HookReceiver = .program) async throws -> [HookEvent] {
        var events: [HookEvent] = []
        while let delivery = try await next(receiver) {
            events.append(delivery.event)
            try await catalog.hooks.finish(delivery.id)
        }
        return events
    }

    private func complete(_ path: String, _ words: String) async throws -> RecordingID {
        let id = try await catalog.ingest.accept(path).recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(words), speech: nil, engineSeconds: 1, now: noon)
        return id
    }

    private func rows(_ table: String) async throws -> Int {
        try await catalog.database.read("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1
        }
    }

    @Test func nothingIsKeptForNobody() async throws {
        _ = try await complete("ali/a.mp3", "words")
        try await catalog.ingest.reject("ali/b.txt")
        #expect(try await rows("hook_events") == 0)
        #expect(try await catalog.hooks.setReceivers([.program]) == 0)
        #expect(try await drain() == [], "what was before is not told")
    }

    @Test func completionIsToldWithItsFacts() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        let id = try await complete("ali/a.mp3", "salom")
        let event = try #require(try await drain().first)
        #expect(event.kind == .completed && event.recording == id && event.user != nil)
        #expect(event.path == (try inboxPath("ali/a.mp3")) && event.time == noon)
        #expect(event.text == "salom" && !event.isTextTruncated)
        #expect(event.facts.duration == 10 && event.facts.language == "en" && event.facts.fileSize == 1000)
        #expect(event.facts.engine == "local" && event.facts.errorCode == nil)
        #expect(event.id.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(try await rows("hook_events") == 0, "an event that everybody knows goes")
    }

    @Test func failuresAndRefusalsAreTold() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        let id = try await catalog.ingest.accept("ali/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.fail(id, code: "poison", message: "It kills.", now: noon)
        try await catalog.ingest.reject("ali/b.mp3")
        try await catalog.ingest.reject("direct.txt", .noFolder, message: "Nobody's.")
        let events = try await drain()
        #expect(events.map(\.kind) == [.failed, .rejected, .rejected])
        #expect(events.map(\.facts.errorCode) == ["poison", "empty", "no_folder"])
        #expect(events.map(\.facts.errorMessage) == ["It kills.", "Empty.", "Nobody's."])
        #expect(events[1].user != nil && events[2].user == nil)
    }

    @Test func onlyWhatEndsIsTold() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        let id = try await catalog.ingest.accept("ali/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.retryLater(id, due: noon, code: "busy", message: "Later.", now: noon)
        _ = try await catalog.jobs.claimNext(noon + 1)
        _ = try await catalog.jobs.handBack(id, now: noon)
        #expect(try await drain() == [])
        _ = try await catalog.jobs.claimNext(noon + 1)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("words"), speech: nil, engineSeconds: 1, now: noon)
        #expect(try await drain().count == 1)
        // Touched, gone and back again: it is completed all the while.
        try await catalog.ingest.accept("ali/a.mp3", inode: 2)
        _ = try await catalog.ingest.markGone(try inboxPath("ali/a.mp3"), now: noon)
        try await catalog.ingest.accept("ali/a.mp3", inode: 3)
        #expect(try await drain() == [])
    }

    @Test func aRefusalForAnotherReasonIsTold() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        try await catalog.ingest.reject("ali/a.mp3", .empty, message: "Empty.")
        try await catalog.ingest.reject("ali/a.mp3", .empty, message: "Empty.")
        try await catalog.ingest.reject("ali/a.mp3", .incomplete, message: "Half.")
        #expect(try await drain().map(\.facts.errorCode) == ["empty", "incomplete"])
    }

    @Test func eachReceiverIsToldByItself() async throws {
        _ = try await catalog.hooks.setReceivers([.program, .webhook])
        _ = try await complete("ali/a.mp3", "words")
        let one = try await drain(.program)
        #expect(try await catalog.hooks.pending() == [.webhook: 1])
        #expect(try await rows("hook_events") == 1)
        #expect(try await drain(.webhook) == one, "the same event, by the same id")
        #expect(try await rows("hook_events") == 0)
    }

    @Test func aReceiverThatIsGoneIsForgotten() async throws {
        _ = try await catalog.hooks.setReceivers([.program, .webhook])
        try await catalog.ingest.reject("ali/a.mp3")
        #expect(try await catalog.hooks.setReceivers([.webhook]) == 1)
        #expect(try await catalog.hooks.pending() == [.webhook: 1])
        #expect(try await catalog.hooks.setReceivers([]) == 1)
        #expect(try await rows("hook_events") == 0)
        try await catalog.ingest.reject("ali/b.mp3")
        #expect(try await rows("hook_events") == 0)
    }

    @Test func postponedEventLetsOthersGoFirst() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        try await catalog.ingest.reject("ali/a.mp3")
        try await catalog.ingest.reject("ali/b.mp3")
        let first = try #require(try await next())
        try await catalog.hooks.postpone(first.id, until: noon + 60, now: noon)
        let second = try #require(try await next())
        #expect(second.event.path == (try inboxPath("ali/b.mp3")) && second.attempts == 0)
        try await catalog.hooks.finish(second.id)
        #expect(try await catalog.hooks.next(for: .program, now: noon) == .nothing(nextDue: noon + 60))
        let again = try #require(try await next(now: noon + 60))
        #expect(again.event == first.event && again.attempts == 1)
    }

    @Test func aClockThatWasSetBackHoldsNothingUp() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        try await catalog.ingest.reject("ali/a.mp3")
        let delivery = try #require(try await next())
        try await catalog.hooks.postpone(delivery.id, until: noon + 1_000_000, now: noon)
        guard case .nothing(let due) = try await catalog.hooks.next(for: .program, now: noon) else {
            Issue.record("it is put off")
            return
        }
        #expect(due == noon + 86_400, "at most a day")
        #expect(try await next(now: noon - 86_400) != nil)
    }

    @Test func theWordsAreThoseOfThatMoment() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        let id = try await complete("ali/a.mp3", "machine's words")
        try await catalog.database.write("test") { database in
            let revision = try database.addRevision(id, .socket, "a person's words", [], nil, noon)
            try database.run(
                """
                UPDATE audio_records SET revision_id = :revision, transcript_text = 'a person''s words'
                WHERE id = :recording
                """, ["revision": revision.rawValue, "recording": id.rawValue])
        }
        #expect(try await next()?.event.text == "machine's words")
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(try await catalog.deletions.finish(of: id))
        let event = try #require(try await next()?.event)
        #expect(event.text == nil && event.facts.duration == 10, "told all the same")
    }

    @Test func muchTextIsCutBetweenCharacters() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        _ = try await complete("ali/a.mp3", "x" + String(repeating: "ў", count: 40_000))
        let event = try #require(try await next()?.event)
        #expect(event.isTextTruncated && event.text?.utf8.count == HookStore.longestHookText - 1)
        #expect(event.text?.last == "ў")
        #expect("ab".cut(toBytes: 2) == "ab" && "aў".cut(toBytes: 2) == "a" && "aў".cut(toBytes: 3) == "aў")
    }

    @Test(.timeLimit(.minutes(1))) func waitersAreWoken() async throws {
        _ = try await catalog.hooks.setReceivers([.program])
        var signals = catalog.hooks.signals().makeAsyncIterator()
        try await catalog.ingest.reject("ali/a.mp3")
        #expect(await signals.next() != nil)
        try await catalog.close()
        #expect(await signals.next() == nil)
    }
}
