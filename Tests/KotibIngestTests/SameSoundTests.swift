import GRDB
import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// A recording is its sound: its tags may change, and it may go on.
struct SameSoundTests {
    private func edit(_ fixture: IngestFixture, _ words: String) async throws {
        let id = try #require(try await fixture.current()).id
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: words, author: nil, origin: .sidecar, expected: nil)
        _ = try await fixture.catalog.revisions.edit(edit)
        try await fixture.sidecars.writer.writeDue(id)
    }

    @Test func otherTagsAreTheSameRecordingWithItsCorrection() async throws {
        let engine = FakeEngine(words: "Helo.")
        let limits = Quotas(limits: Quota(minutesPerDay: 1))
        let fixture = try IngestFixture(engine: engine, quotas: limits)
        try await fixture.transcribing {
            let first = try #require(try await fixture.drop("#aaaa"))
            try await fixture.awaitText("Helo.")
            try await edit(fixture, "Hello.")
            try fixture.folder.write("ID3 Title#aaaa", to: "ali/new")
            rename(fixture.folder.path("ali/new"), fixture.folder.path("ali/talk.wav"))
            try await fixture.handle("ali/talk.wav")
            let now = try #require(try await fixture.current())
            #expect(now.id == first.id && now.state == .completed)
            #expect(now.facts?.sha256 != first.facts?.sha256 && now.identity.size == 14)
            #expect(try fixture.rows() == 1)
            #expect(engine.calls.count == 1)
            #expect(fixture.folder.read("ali/talk.wav.txt") == "Hello.\n")
            let user = try await fixture.catalog.users.enroll("ali")
            let use = try #require(try await fixture.catalog.users.find(user)).use
            #expect(use.milliseconds == 4000 && use.bytes == 14 && use.files == 1)
        }
    }

    @Test func otherTagsAndAnotherNameAreTheSameRecording() async throws {
        let engine = FakeEngine(words: "Hello.")
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            let first = try #require(try await fixture.drop("#aaaa"))
            try await fixture.awaitText("Hello.")
            fixture.folder.remove("ali/talk.wav")
            let moved = try await fixture.drop("Artist - Title#aaaa", "ali/Title.wav")
            #expect(moved?.id == first.id)
            #expect(try await fixture.catalog.recordings.find(first.id)?.identity.size == 19)
            try await fixture.awaitText("Hello.", beside: "ali/Title.wav")
            #expect(try fixture.rows() == 1 && engine.calls.count == 1)
        }
    }

    /// One that still has its file is left alone: a copy has the words and is a recording of its own.
    @Test func aCopyWithOtherTagsGetsTheWordsAndTheCorrection() async throws {
        let engine = FakeEngine(words: "Helo.")
        let fixture = try IngestFixture(engine: engine, reuse: .own)
        try await fixture.transcribing {
            try await fixture.drop("#aaaa")
            try await fixture.awaitText("Helo.")
            try await edit(fixture, "Hello.")
            try await fixture.drop("Title#aaaa", "ali/copy.wav")
            try await fixture.awaitText("Hello.", beside: "ali/copy.wav")
            #expect(try fixture.rows() == 2 && engine.calls.count == 1)
        }
    }

    @Test func olderRecordingGetsItsSoundIdentity() async throws {
        let fixture = try IngestFixture()
        let first = try #require(try await fixture.drop("#aaaa"))
        try await fixture.database.write {
            try $0.execute(sql: "UPDATE audio_records SET sound_sha256 = NULL, sound_size = NULL")
        }
        // Touched, in whatever resolution its file system keeps times.
        utimes(
            fixture.folder.path("ali/talk.wav"),
            [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)])
        try await fixture.handle("ali/talk.wav")
        #expect(try await fixture.current()?.facts?.sound == first.facts?.sound)
        try await fixture.drop("Title#aaaa")
        #expect(try await fixture.current()?.id == first.id)
    }

    /// 10 s, then 20 s, then 30 s, with half a minute a day: nothing is charged twice, nothing failed.
    @Test func aRecorderThatAppendsMakesOneRecording() async throws {
        let engine = FakeEngine { job, _ throws(EngineError) in FakeEngine.result("\(job.size) bytes") }
        let quotas = Quotas(limits: Quota(minutesPerDay: 1))
        let fixture = try IngestFixture(engine: engine, quotas: quotas)
        _ = try await fixture.catalog.hooks.setReceivers([.webhook])
        try await fixture.transcribing {
            var content = "#"
            for part in 1...4 {
                content += String(repeating: "a", count: 14)
                let recording = try #require(try await fixture.drop(content))
                #expect(recording.id.rawValue == 1)
                try await fixture.awaitText("\(content.utf8.count) bytes")
                #expect(try await fixture.current()?.facts?.duration == Double(14 * part))
            }
        }
        #expect(try fixture.rows() == 1)
        let user = try await fixture.catalog.users.enroll("ali")
        #expect(try await fixture.catalog.users.find(user)?.use.milliseconds == 56_000)
        let told = try await fixture.database.read {
            try String.fetchAll($0, sql: "SELECT DISTINCT kind FROM hook_events")
        }
        #expect(told == ["completed"])
    }

    /// 45 s, then another 45 s that replace them, with a quota of a minute a day.
    @Test func whatIsReplacedUnheardIsNotCharged() async throws {
        let quotas = Quotas(limits: Quota(minutesPerDay: 1))
        let fixture = try IngestFixture(quotas: quotas)
        func used() async throws -> Int64? {
            let user = try await fixture.catalog.users.enroll("ali")
            return try await fixture.catalog.users.find(user)?.use.milliseconds
        }
        func sound(_ letter: String, _ seconds: Int) -> String {
            "#" + String(repeating: letter, count: seconds)
        }
        let first = try #require(try await fixture.drop(sound("a", 45)))
        for letter in ["b", "c"] {
            let recording = try await fixture.drop(sound(letter, 45))
            #expect(recording?.state == .pending)
            #expect(try await used() == 45_000)
        }
        // The minutes of a recording that grew are given back as a whole.
        try await fixture.drop(sound("c", 50))
        #expect(try await used() == 50_000)
        let refused = try await fixture.drop(sound("d", 61))
        #expect(refused?.errorCode == "over_quota_minutes")
        #expect(try await used() == 0)
        // The first recording comes back, and is charged.
        let full = try await fixture.drop(sound("e", 20), "ali/other.wav")
        #expect(full?.state == .pending)
        let again = try await fixture.drop(sound("a", 45), "ali/again.wav")
        #expect(again?.id != first.id && again?.errorCode == "over_quota_minutes")
        try await fixture.lose("ali/again.wav")
        try await fixture.drop(sound("f", 10), "ali/other.wav")
        #expect(try await used() == 10_000)
        let back = try await fixture.drop(sound("a", 45), "ali/back.wav")
        #expect(back?.id == first.id && back?.state == .pending)
        #expect(try await used() == 55_000)
        // Its minutes can be given back again.
        try await fixture.drop(sound("g", 1), "ali/back.wav")
        #expect(try await used() == 11_000)
    }

    /// The engine has been given it, however the attempt ends.
    @Test(arguments: [false, true])
    func whatIsReplacedWhileItIsHeardStaysCharged(isRemoved: Bool) async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
        let fixture = try IngestFixture(engine: engine, quotas: Quotas(limits: Quota(minutesPerDay: 1)))
        try await fixture.transcribing {
            for (number, letter) in ["a", "b", "c"].enumerated() {
                if isRemoved, number > 0 { try await fixture.lose("ali/talk.wav") }
                let recording = try await fixture.drop("#" + String(repeating: letter, count: 18))
                #expect(recording?.state != .rejected)
                try await waitUntil("it is being heard") { engine.calls.count == number + 1 }
            }
            let refused = try await fixture.drop("#" + String(repeating: "d", count: 18))
            #expect(refused?.errorCode == "over_quota_minutes")
            let user = try await fixture.catalog.users.enroll("ali")
            #expect(try await fixture.catalog.users.find(user)?.use.milliseconds == 54_000)
            gate.open()
        }
        #expect(engine.calls.count == 3)
    }

    @Test func whatWasTranscribedStaysCharged() async throws {
        let engine = FakeEngine { job, _ throws(EngineError) in FakeEngine.result("\(job.size) bytes") }
        let fixture = try IngestFixture(engine: engine, quotas: Quotas(limits: Quota(minutesPerDay: 1)))
        try await fixture.transcribing {
            for size in [20, 30] {
                try await fixture.drop("#" + String(repeating: "\(size / 10)", count: size))
                try await fixture.awaitText("\(size + 1) bytes")
            }
            let refused = try await fixture.drop("#" + String(repeating: "4", count: 11))
            #expect(refused?.errorCode == "over_quota_minutes")
        }
    }

    @Test func aPersonsWordsStayAndWhatCameToItIsPutBehindThem() async throws {
        let engine = FakeEngine { job, before throws(EngineError) in
            var result = FakeEngine.result(before == 0 ? "Helo." : "Helo. And more.")
            if before > 0 {
                result.transcript.segments = [
                    TranscriptSegment(start: 0, end: 4, text: "Helo."),
                    TranscriptSegment(start: 4.5, end: 8, text: "And more."),
                ]
            }
            return result
        }
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            let id = try #require(try await fixture.drop("#aaaa")).id
            try await fixture.awaitText("Helo.")
            try await edit(fixture, "Hello!")
            try await fixture.drop("#aaaabbbb")
            try await fixture.awaitText("Hello!\n\nAnd more.")
            #expect(try await fixture.catalog.recordings.find(id)?.state == .completed)
            let all =
                try await fixture.catalog.listing.revisions(of: id)?.map(\.text) ?? []
            #expect(Set(all) == ["Helo.", "Hello!", "Helo. And more.", "Hello!\n\nAnd more."])
            #expect(fixture.folder.read("ali/talk.wav.txt") == "Hello!\n\nAnd more.\n")
        }
    }

    /// A recorder appends to a file, and a person renames it with its text before that is noticed.
    @Test(arguments: [false, true], [false, true])
    func aGrownRecordingIsFoundByItsNewName(_ isTextFirst: Bool, _ isRead: Bool) async throws {
        let engine = FakeEngine { job, _ throws(EngineError) in FakeEngine.result("\(job.size) bytes") }
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            let id = try #require(try await fixture.drop("#aaaa")).id
            try await fixture.awaitText("5 bytes")
            try fixture.folder.write("Mine.\n", to: "ali/talk.wav.txt")
            if isRead { try await fixture.handle("ali/talk.wav.txt") }
            try fixture.folder.write("#aaaabbbb", to: "ali/talk.wav")
            // It has the name of another, which goes.
            try await fixture.drop("#cc", "ali/new.wav")
            try await fixture.awaitText("3 bytes", beside: "ali/new.wav")
            for ending in ["", ".txt"] {
                try fixture.folder.rename("ali/talk.wav\(ending)", to: "ali/new.wav\(ending)")
            }
            for ending in isTextFirst ? [".txt", ""] : ["", ".txt"] {
                try await fixture.handle("ali/new.wav\(ending)")
            }
            for ending in ["", ".txt"] {
                await fixture.pipeline.handle(.removed(try fixture.path("ali/talk.wav\(ending)")))
            }
            try await waitUntil("all is heard") {
                await fixture.pipeline.handle(.scanFinished)
                let now = try await fixture.current("ali/new.wav")
                return now?.state == .completed && now?.facts?.duration == 8 && now?.sidecarDue == nil
            }
            #expect(try await fixture.current("ali/new.wav")?.id == id)
            #expect(try fixture.names() == ["new.wav", "new.wav.txt"])
            #expect(fixture.folder.read("ali/new.wav.txt") == "Mine.\n")
            #expect(try await fixture.catalog.recordings.transcript(of: id)?.text == "Mine.")
            #expect(fixture.logged("recording grew, transcribing again") == 1)
        }
    }

    /// An engine that gives the size of what it is to hear, and holds its first two jobs until their gates
    /// are open.
    private func gatedEngine(_ gates: [Gate]) -> FakeEngine {
        FakeEngine { job, before throws(EngineError) in
            if before < gates.count { try await gates[before].pass() }
            return FakeEngine.result("\(job.size) bytes")
        }
    }

    /// However often something is appended: the beginning has its words before the recorder stops.
    @Test func whatGrowsWhileItIsHeardHasTheWordsOfItsBeginningAndIsHeardAnew() async throws {
        let gates = [Gate(), Gate()]
        let fixture = try IngestFixture(engine: gatedEngine(gates))
        _ = try await fixture.catalog.hooks.setReceivers([.webhook])
        try await fixture.transcribing {
            try await fixture.drop("#aaaa")
            try await waitUntil("the job runs") { gates[0].count == 1 }
            try await fixture.drop("#aaaabbbb")
            gates[0].open()
            try await fixture.awaitText("5 bytes")
            try await waitUntil("the whole is heard") { gates[1].count == 1 }
            #expect(try await fixture.current()?.state == .processing)
            gates[1].open()
            try await fixture.awaitText("9 bytes")
            let now = try #require(try await fixture.current())
            #expect(now.state == .completed && now.attempts == 1 && now.id.rawValue == 1)
            #expect(try fixture.rows() == 1)
        }
        let told = try await fixture.database.read {
            try String.fetchAll($0, sql: "SELECT kind FROM hook_events")
        }
        #expect(told == ["completed"])
    }

    /// The watcher has not told of it yet: the recorder appends more often than the file stands still.
    @Test func whatHasGrownUnseenHasTheWordsOfItsBeginning() async throws {
        let gates = [Gate()]
        let engine = gatedEngine(gates)
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            try await fixture.drop("#aaaa")
            try await waitUntil("the job runs") { gates[0].count == 1 }
            try fixture.folder.write("#aaaabbbb", to: "ali/talk.wav")
            gates[0].open()
            try await fixture.awaitText("5 bytes")
            let now = try #require(try await fixture.current())
            #expect(now.state == .completed && now.audio == .present)
            #expect(engine.calls.count == 1)
            try await fixture.handle("ali/talk.wav")
            try await fixture.awaitText("9 bytes")
        }
    }

    /// So does what has grown before its turn came.
    @Test func whatGrowsBeforeItsTurnIsHeardUpToWhatWasAccepted() async throws {
        let jobs = Shared<[TranscriptionJob]>([])
        let engine = FakeEngine { job, _ throws(EngineError) in
            jobs.change { $0.append(job) }
            return FakeEngine.result("\(job.duration) s")
        }
        let fixture = try IngestFixture(engine: engine)
        try await fixture.drop("#aaaa")
        try fixture.folder.write("#aaaabbbb", to: "ali/talk.wav")
        try await fixture.transcribing { try await fixture.awaitText("4.0 s") }
        #expect(jobs.value.map(\.isBeginning) == [true])
        #expect(jobs.value.first?.decodedDuration(upTo: 60) == 4)
    }

    /// Overwritten in place by other sound: the words would be of neither.
    @Test func whatBecomesAnotherWhileItIsHeardHasNoneOfItsWords() async throws {
        let gates = [Gate()]
        let engine = gatedEngine(gates)
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            try await fixture.drop("#aaaa")
            try await waitUntil("the job runs") { gates[0].count == 1 }
            try fixture.folder.write("#bbbbbbbb", to: "ali/talk.wav")
            gates[0].open()
            try await waitUntil("the job is over") {
                try await fixture.current()?.state == .pending
            }
            #expect(try await fixture.catalog.recordings.transcript(of: RecordingID(rawValue: 1)) == nil)
        }
    }

    /// Its failure was that of the beginning.
    @Test func whatGrowsWhileItFailsIsHeardAnew() async throws {
        let gate = Gate()
        let engine = FakeEngine { job, before throws(EngineError) in
            guard before == 0 else { return FakeEngine.result("\(job.size) bytes") }
            try await gate.pass()
            throw .permanent(message: "no")
        }
        let fixture = try IngestFixture(engine: engine)
        try await fixture.transcribing {
            try await fixture.drop("#aaaa")
            try await waitUntil("the job runs") { gate.count == 1 }
            try await fixture.drop("#aaaabbbb")
            gate.open()
            try await fixture.awaitText("9 bytes")
        }
    }

    @Test func replacedPendingRecordingDidNotFail() async throws {
        let fixture = try IngestFixture()
        _ = try await fixture.catalog.hooks.setReceivers([.webhook])
        let first = try #require(try await fixture.drop("#aaaa"))
        try await fixture.drop("#bbbbbb")
        #expect(try await fixture.catalog.recordings.find(first.id)?.errorCode == "superseded")
        let page = try await fixture.catalog.listing.page(RecordingFilter(scope: .everyone), limit: 10)
        #expect(
            page.entries.count == 1 && page.total == 1
                && page.entries.first?.recording.id != first.id)
        let told = try await fixture.database.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM hook_events")
        }
        #expect(told == 0)
        // Its file comes back under another name: it is the same recording, and waits.
        try await fixture.drop("#aaaa", "ali/again.wav")
        let back = try await fixture.current("ali/again.wav")
        #expect(back?.id == first.id && back?.state == .pending)
    }
}
