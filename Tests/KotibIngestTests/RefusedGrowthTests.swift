import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// A recording grows and is refused as it is now, for another reason than a quota: its row, its job and its
/// words are those of what was accepted.
@Suite struct RefusedGrowthTests {
    private func sound(_ seconds: Int) -> String { "#" + String(repeating: "a", count: seconds) }

    private func append(_ inbox: IngestFixture, _ content: String) throws {
        // In place, as a recorder appends.
        try inbox.folder.write(content, to: "ali/talk.wav")
    }

    @Test func wordsStayBesideTheRefusal() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(10)))
            try await inbox.awaitText("Hello.")
            try append(inbox, sound(Int(IngestFixture.largest)))
            try await inbox.handle("ali/talk.wav")
            let refused = try #require(try await inbox.current())
            #expect(refused.id == first.id && refused.state == .completed && refused.isCurrent)
            #expect(refused.errorCode == "too_large" && refused.facts?.duration == 10)
            #expect(try inbox.rows() == 1)
            #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
            #expect(inbox.folder.read("ali/talk.wav.rejected.txt") == (refused.errorMessage ?? "") + "\n")
            #expect(inbox.logged("recording grew and is refused; what was accepted stays") == 1)
            // A scan tells it once.
            #expect(try await inbox.catalog.ingest.isKnown([(refused.path, refused.identity)]) == [true])

            // Cut back to what is allowed, it is taken as a whole.
            try append(inbox, sound(20))
            try await inbox.handle("ali/talk.wav")
            try await waitUntil("all is heard") {
                let now = try await inbox.current()
                return now?.state == .completed && now?.facts?.duration == 20 && now?.sidecarDue == nil
            }
            let taken = try #require(try await inbox.current())
            #expect(taken.id == first.id && taken.errorCode == nil && taken.errorMessage == nil)
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
        }
    }

    /// The job runs when the file grows, and hears what it was given.
    @Test func jobGoesOnAndTheNoteOutlivesIt() async throws {
        let gate = Gate()
        let jobs = Shared<[TranscriptionJob]>([])
        let engine = FakeEngine { job, before throws(EngineError) in
            jobs.change { $0.append(job) }
            if before == 0 { try await gate.pass() }
            return FakeEngine.result("\(job.duration) s")
        }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(10)))
            try await waitUntil("the job runs") { gate.count == 1 }
            try append(inbox, sound(Int(IngestFixture.largest)))
            try await inbox.handle("ali/talk.wav")
            #expect(try await inbox.current()?.state == .processing)
            gate.open()
            try await inbox.awaitText("10.0 s")
            let heard = try #require(try await inbox.current())
            #expect(heard.id == first.id && heard.state == .completed && heard.errorCode == "too_large")
            #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt", "talk.wav.txt"])
            #expect(jobs.value.map(\.duration) == [10])
        }
    }

    /// It was not heard yet, and may not be read by others any more.
    @Test func jobIsOfTheBeginning() async throws {
        let jobs = Shared<[TranscriptionJob]>([])
        let engine = FakeEngine { job, _ throws(EngineError) in
            jobs.change { $0.append(job) }
            return FakeEngine.result("\(job.duration) s")
        }
        let inbox = try IngestFixture(engine: engine)
        let first = try #require(try await inbox.drop(sound(10)))
        try append(inbox, sound(20))
        try #require(link(inbox.folder.path("ali/talk.wav"), inbox.folder.path("backup")) == 0)
        for _ in 0..<2 { try await inbox.handle("ali/talk.wav") }
        let waiting = try #require(try await inbox.current())
        #expect(waiting.id == first.id && waiting.state == .pending && waiting.errorCode == "hard_link")
        #expect(inbox.logged("recording grew and is refused; what was accepted stays") == 1)
        try await inbox.transcribing { try await inbox.awaitText("10.0 s") }
        #expect(jobs.value.map(\.isBeginning) == [true])
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt", "talk.wav.txt"])
    }

    /// A recorder's header promises more than is there yet.
    @Test func incompleteGrowthIsOneRecording() async throws {
        let engine = FakeEngine { job, _ throws(EngineError) in FakeEngine.result("\(job.duration) s") }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(10)))
            try await inbox.awaitText("10.0 s")
            try append(inbox, "incomplete" + sound(15))
            try await inbox.handle("ali/talk.wav")
            let waiting = try #require(try await inbox.current())
            #expect(
                waiting.id == first.id && waiting.state == .completed && waiting.errorCode == "incomplete")
            #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt", "talk.wav.txt"])
            #expect(try await inbox.catalog.refusals.incomplete(after: nil, limit: 9).map(\.id) == [first.id])
            try append(inbox, sound(30))
            try await inbox.handle("ali/talk.wav")
            try await inbox.awaitText("30.0 s")
            #expect(try await inbox.current()?.id == first.id)
            #expect(try inbox.rows() == 1)
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
        }
    }

    /// The row of a file that others may not read keeps the size that was accepted.
    @Test func textIsReadBesideARefusedGrowth() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(10)))
            try await inbox.awaitText("Hello.")
            try append(inbox, sound(20))
            try #require(link(inbox.folder.path("ali/talk.wav"), inbox.folder.path("backup")) == 0)
            try await inbox.handle("ali/talk.wav")
            #expect(try await inbox.current()?.errorCode == "hard_link")
            try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
            try await inbox.handle("ali/talk.wav.txt")
            #expect(try await inbox.catalog.recordings.transcript(of: first.id)?.text == "Mine.")
        }
    }

    /// Another file, or one that is no sound, is not the recording, grown.
    @Test func whatIsNoGrowthTakesThePath() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(10)))
            try await inbox.awaitText("Hello.")
            try append(inbox, "bad" + sound(30))
            try await inbox.handle("ali/talk.wav")
            let damaged = try #require(try await inbox.current())
            #expect(damaged.id != first.id && damaged.state == .rejected && damaged.errorCode == "damaged")
            let second = try #require(try await inbox.drop(sound(10), "ali/other.wav"))
            try await inbox.awaitText("Hello.", beside: "ali/other.wav")
            try inbox.folder.write(sound(Int(IngestFixture.largest)), to: "new")
            try inbox.folder.rename("new", to: "ali/other.wav")
            try await inbox.handle("ali/other.wav")
            let other = try #require(try await inbox.current("ali/other.wav"))
            #expect(other.id != second.id && other.state == .rejected && other.errorCode == "too_large")
        }
    }
}
