import FoundationEssentials
import Glibc
import KotibCatalog
import KotibComponents
import KotibIngestTestSupport
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Logging
import Synchronization
import Testing

@testable import KotibIngest

/// Files that hold less than they promise: waited for, then taken as they are.
@Suite struct IncompleteTests {
    private static let duration = Duration.seconds(600)

    private let clock = ManualClock()
    /// Real files have the kernel's times: the wall of these tests is that of the machine, moved by hand.
    private let start = InboxWatcher.systemTime()

    private func inbox() throws -> IngestFixture {
        try IngestFixture(incompleteTimeout: timeout)
    }

    private var timeout: IncompleteFileTimeout {
        IncompleteFileTimeout(Self.duration) { [clock, start] in
            // A second ahead, as a file's time may be rounded up to the kernel's next tick.
            start + 1_000_000_000 + Int64(clock.now.offset / .nanoseconds(1))
        }
    }

    /// Runs `body` beside what looks at incomplete files.
    private func watching(_ inbox: IngestFixture, _ body: () async throws -> Void) async throws {
        let files = inbox.components.incompleteFileMonitor(clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await files.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try result.get()
        }
    }

    /// Lets the watching look `times` more, each after its pause.
    private func look(_ times: Int = 1, after pause: Duration = .seconds(30)) async throws {
        for _ in 0..<times {
            try await waitUntil("it waits") { !clock.deadlines.isEmpty }
            clock.advance(by: pause)
            try await waitUntil("it has looked") { !clock.deadlines.isEmpty }
        }
    }

    @Test func itIsTakenWhenNothingMoreHasCome() async throws {
        let inbox = try inbox()
        let refused = try #require(try await inbox.drop("incomplete"))
        #expect(refused.errorCode == "incomplete")
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
        try await watching(inbox) {
            try await look(19)
            #expect(try await inbox.current()?.errorCode == "incomplete")
            #expect(inbox.inspector.calls == 1)
            try await look(2)
            let taken = try #require(try await inbox.current())
            #expect(taken.id == refused.id && taken.state == .pending)
            #expect(try inbox.names() == ["talk.wav"])
        }
    }

    @Test func oneThatGrowsIsWaitedForAnew() async throws {
        let inbox = try inbox()
        try await inbox.drop("incomplete")
        try await watching(inbox) {
            try await look(15)
            // The kernel reports a writer.
            try inbox.folder.write("incomplete, but more", to: "ali/talk.wav")
            try setTimes(of: inbox.folder.path("ali/talk.wav"), to: timeout.now())
            try await inbox.handle("ali/talk.wav")
            try await look(15)
            #expect(try await inbox.current()?.errorCode == "incomplete")
            try await look(6)
            #expect(try await inbox.current()?.state == .pending)
        }
    }

    @Test func oneThatIsBeingWrittenIsWaitedFor() async throws {
        let inbox = try inbox()
        try await inbox.drop("incomplete")
        let path = inbox.folder.path("ali/talk.wav")
        let writer = Mutex<OpenFile?>(
            OpenFile(owning: try SystemError.check("open") { open(path, O_WRONLY | O_CLOEXEC) }))
        try await watching(inbox) {
            try await look(30)
            #expect(try await inbox.current()?.errorCode == "incomplete")
            #expect(inbox.inspector.calls == 1)
            writer.withLock { $0 = nil }
            try await look(2)
            #expect(try await inbox.current()?.state == .pending)
        }
    }

    /// At the start of the daemon a file may be unchanged for long already.
    @Test func anOldOneIsTakenAtOnce() async throws {
        let inbox = try inbox()
        try inbox.folder.write("incomplete", to: "ali/talk.wav")
        clock.advance(by: Self.duration)
        try await inbox.handle("ali/talk.wav")
        #expect(try await inbox.current()?.state == .pending)
    }

    @Test func waitingRecordingIsAcceptedAfterARestart() async throws {
        let inbox = try inbox()
        try await inbox.drop("incomplete")
        clock.advance(by: Self.duration)
        #expect(try await inbox.current()?.errorCode == "incomplete")
        try await watching(inbox) {
            try await waitUntil("it is taken") { try await inbox.current()?.state == .pending }
        }
    }

    @Test func missingOrUndecodableFileIsLeftAlone() async throws {
        let inspector = FakeInspector { _, before throws(InspectionError) in
            before == 0 ? .refused(.incomplete) : .refused(.damaged(detail: "only a part"))
        }
        let inbox = try IngestFixture(inspector: inspector, incompleteTimeout: timeout)
        try await inbox.drop("part", "ali/part.wav")
        try await inbox.drop("incomplete", "ali/gone.wav")
        try await inbox.lose("ali/gone.wav")
        clock.advance(by: Self.duration)
        try await watching(inbox) {
            try await waitUntil("it is said") {
                try await inbox.current("ali/part.wav")?.errorCode == "damaged"
            }
            let calls = inbox.inspector.calls
            try await look(3)
            #expect(inbox.inspector.calls == calls)
            #expect(inbox.folder.read("ali/part.wav.rejected.txt")?.contains("only a part") == true)
            #expect(try await inbox.current("ali/gone.wav") == nil)
        }
    }

    @Test func timesFromTheFutureSayNothing() {
        let now = timeout.now()
        func isOver(_ modified: Int64, _ changed: Int64) -> Bool {
            timeout.hasPassed(
                FileIdentity(device: 1, inode: 1, size: 1, modified: modified, changed: changed))
        }
        let long = Int64(Self.duration / .nanoseconds(1))
        #expect(isOver(now - long, now - long))
        #expect(!isOver(now - long + 1, now - long) && !isOver(now - long, now - long + 1))
        #expect(isOver(now + 1, now - long) && !isOver(now + 1, now + 1))
    }

    /// Whoever sends a form has sent all of it.
    @Test func anUploadIsTakenAsItIs() async throws {
        let inbox = try inbox()
        let user = try await inbox.catalog.users.enroll("ali")
        let upload = try await inbox.uploads.upload("talk.wav", to: user)
        try await upload.write(Array("incomplete".utf8))
        guard case .accepted = try await upload.finish() else {
            Issue.record("refused")
            return
        }
        #expect(try await inbox.current()?.state == .pending)
    }

    private func setTimes(of path: String, to nanoseconds: Int64) throws {
        let time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        let times = [time, time]
        try SystemError.check("utimensat") { utimensat(AT_FDCWD, path, times, 0) }
    }
}
