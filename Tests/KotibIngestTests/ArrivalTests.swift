import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

@Suite struct ArrivalTests {
    @Test func acceptedRecordingIsPending() async throws {
        let inbox = try IngestFixture()
        let recording = try #require(try await inbox.drop("speech"))
        #expect(recording.state == .pending)
        #expect(recording.facts == FakeInspector.facts(Array("speech".utf8)))
        #expect(try inbox.inboxEvent("ali/talk.wav") == .stable(recording.path, status(recording, inbox)))
        #expect(try inbox.names() == ["talk.wav"])
        #expect(inbox.logged("recording accepted") == 1)
    }

    private func status(_ recording: Recording, _ inbox: IngestFixture) throws -> FileStatus {
        var status = try #require(try inbox.disk.examine(recording.path))
        status.identity = recording.identity
        return status
    }

    @Test func queueIsWokenForEach() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            for number in 1...5 {
                try await inbox.drop("speech \(number)", "ali/\(number).wav")
                try await inbox.awaitText("Hello.", beside: "ali/\(number).wav")
            }
        }
        #expect(try await inbox.catalog.recordings.counts() == [.completed: 5])
    }

    @Test func replacedContentCancelsTheOldJobAndIsTranscribed() async throws {
        let gate = Gate()
        let engine = FakeEngine { _, before throws(EngineError) in
            if before == 0 { try await gate.pass() }
            return FakeEngine.result("Words \(before).")
        }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let old = try #require(try await inbox.drop("first"))
            try await waitUntil("the first is with the engine") { gate.count == 1 }
            let new = try #require(try await inbox.drop("second"))
            #expect(new.id != old.id)
            // The gate stays closed: the old job ends because it is cancelled.
            try await inbox.awaitText("Words 1.")
            #expect(try await inbox.catalog.recordings.find(old.id)?.audio == .replaced)
            #expect(try await inbox.catalog.recordings.find(old.id)?.state == .failed)
        }
        #expect(engine.calls.count == 2)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    @Test func touchedRecordingKeepsItsTranscript() async throws {
        let engine = FakeEngine()
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop("speech"))
            try await inbox.awaitText("Hello.")
            try #require(utimensat(AT_FDCWD, inbox.folder.path("ali/talk.wav"), nil, 0) == 0)
            try await inbox.handle("ali/talk.wav")
            let second = try #require(try await inbox.current())
            #expect(second.id == first.id)
            #expect(second.identity != first.identity)
            #expect(second.state == .completed)
        }
        #expect(engine.calls.count == 1)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    /// The queue meets the file between the touch and the watcher's word of it, and takes it for gone.
    @Test func touchedBeforeItsTurnItIsTranscribedAllTheSame() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("speech")
        try #require(utimensat(AT_FDCWD, inbox.folder.path("ali/talk.wav"), nil, 0) == 0)
        try await inbox.transcribing {
            try await waitUntil("the queue let it go") {
                let isIdle = await inbox.queue.running().isEmpty
                return try await inbox.current()?.audio == .gone && isIdle
            }
            try await inbox.handle("ali/talk.wav")
            try await inbox.awaitText("Hello.")
        }
    }

    @Test func changedWhileItIsInspectedItIsNotRecorded() async throws {
        let gate = Gate()
        let inspector = FakeInspector { content, _ throws(InspectionError) in
            try? await gate.pass()
            return .facts(FakeInspector.facts(content))
        }
        let inbox = try IngestFixture(inspector: inspector)
        try inbox.folder.write("half", to: "ali/talk.wav")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        async let handled: Void = inbox.pipeline.handle(inboxEvent)
        try await waitUntil("it is inspected") { gate.count == 1 }
        try inbox.folder.write("half and half", to: "ali/talk.wav")
        gate.open()
        await handled
        #expect(try inbox.rows() == 0)
        #expect(try inbox.names() == ["talk.wav"])
    }

    @Test func anotherFileInItsPlaceIsNotRecordedForIt() async throws {
        let gate = Gate()
        let inspector = FakeInspector { _, _ throws(InspectionError) in
            try? await gate.pass()
            return .refused(.incomplete)
        }
        let inbox = try IngestFixture(inspector: inspector)
        try inbox.folder.write("one", to: "ali/talk.wav")
        try inbox.folder.write("two", to: "ali/new")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        async let handled: Void = inbox.pipeline.handle(inboxEvent)
        try await waitUntil("it is inspected") { gate.count == 1 }
        try inbox.folder.rename("ali/new", to: "ali/talk.wav")
        gate.open()
        await handled
        #expect(try inbox.rows() == 0)
        #expect(try inbox.names() == ["talk.wav"])
    }

    @Test func fileRemovedBeforeInspectionIsNotRecorded() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.write("speech", to: "ali/talk.wav")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        inbox.folder.remove("ali/talk.wav")
        await inbox.pipeline.handle(inboxEvent)
        #expect(try inbox.rows() == 0)
        #expect(inbox.inspector.calls == 0)
    }
}
