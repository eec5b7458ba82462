import Foundation
import Glibc
import KotibCatalog
import KotibComponents
import KotibHealth
import KotibIngest
import KotibIngestTestSupport
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Logging
import Synchronization
import Testing

@testable import KotibArchive

/// Faults that keep audio from being archived are reported while they last, and nothing is lost.
@Suite struct ArchiveTroubleTests {
    /// A fault that can be switched off.
    private final class Fault: Sendable {
        let code: Mutex<Int32?>
        init(_ code: Int32?) { self.code = Mutex(code) }
        func mend() { code.withLock { $0 = nil } }
        func pass(_ step: FaultyFileSystem.Step, _ name: String) -> Int32? {
            step.name == name ? code.withLock { $0 } : nil
        }
    }

    @Test func anArchiveThatAppearsLaterIsUsedThen() async throws {
        let world = try ArchiveFixture(isThere: false)
        let id = try await world.transcribed()
        world.elapse(2000)
        #expect(try await world.pass() == .seconds(30))
        guard case .archiveMissing(let reason) = world.problems.first else {
            Issue.record("nothing is told")
            return
        }
        #expect(reason.contains("archive"))
        #expect(try await world.audio(id) == .present)
        try world.place.makeFolder("archive")
        try await world.pass()
        #expect(world.problems.isEmpty)
        #expect(try await world.archivedAt(id) != nil)
    }

    /// The mount point is there, and empty.
    @Test func anArchiveThatIsNotMountedIsNone() async throws {
        let world = try ArchiveFixture()
        let id = try await world.archived()
        try world.place.rename("archive", to: "away")
        try world.place.makeFolder("archive")
        let more = try await world.transcribed("more speech", "ali/more.wav")
        try await world.pass()
        #expect(world.problems.count == 1)
        #expect(try await world.audio(more) == .present)
        #expect(try world.place.names(in: "archive").isEmpty)
        await #expect(throws: ArchiveUnreachable.self) { try await world.sound(id) }
        // Its audio would stay behind, so the deletion waits.
        let error = await #expect(throws: FileNotRemoved.self) {
            try await world.actions.delete(id, in: .everyone)
        }
        #expect(error?.isUnchanged == false && error?.waitsFor == .archive)
        #expect(try await world.inbox.catalog.recordings.find(id) != nil)
        #expect(world.inbox.board.isOpen(.deletionsPending))

        world.place.remove("archive")
        try world.place.rename("away", to: "archive")
        try await world.pass()
        #expect(world.problems.isEmpty)
        #expect(try await world.archivedAt(more) != nil)
        #expect(!world.inbox.board.isOpen(.deletionsPending))
        #expect(try await world.inbox.catalog.recordings.find(id) == nil)
        #expect(try world.names() == ["more.wav"])
    }

    @Test(arguments: [
        (ENOSPC, "write", HealthIssue.archiveFull), (EDQUOT, "create", .archiveFull),
        (EROFS, "create", .archiveReadOnly), (EACCES, "makeFolder", .archiveReadOnly),
    ])
    func aFullOrReadOnlyArchiveHoldsEverythingUp(
        code: Int32, step: String, problem: HealthIssue
    ) async throws {
        let fault = Fault(nil)
        let world = try ArchiveFixture(isOtherDisk: true, archiveFault: { fault.pass($0, step) })
        // The mark is there.
        try await world.pass()
        let id = try await world.transcribed()
        fault.code.withLock { $0 = code }
        world.elapse(2000)
        #expect(try await world.pass() == .seconds(30))
        #expect(world.problems == [problem])
        #expect(try await world.audio(id) == .present)
        #expect(world.inbox.folder.read("ali/talk.wav") == "speech")
        #expect(try world.names().isEmpty)
        // Nothing changes for other users.
        #expect(try await world.inbox.catalog.archive.find(id) == nil)
        fault.mend()
        try await world.pass()
        #expect(world.problems.isEmpty)
        #expect(try await world.archivedAt(id) != nil)
    }

    /// The file in the inbox is not the one that was transcribed, or the copy differs from the file that was
    /// read.
    @Test func aCopyThatIsNotTheSameIsThrownAwayAndTold() async throws {
        let world = try ArchiveFixture(isOtherDisk: true, inspector: ArchiveFixture.mistaken)
        let id = try await world.transcribed()
        let other = try await world.transcribed("other speech", "ali/other.wav")
        world.elapse(2000)
        let scheduler = try world.scheduler()
        for _ in 0..<2 {
            #expect(await scheduler.pass() == .seconds(300))
            #expect(world.problems == [.archiveStuck])
            #expect(try await world.audio(id) == .present)
            #expect(try await world.audio(other) == .present)
            #expect(try world.names().isEmpty)
            #expect(world.inbox.folder.read("ali/talk.wav") == "speech")
        }
        let warnings = world.inbox.log.lines.filter {
            $0.message == "cannot archive recording, left in the inbox"
        }
        #expect(warnings.count == 2, "each once")
        #expect(warnings.first?.metadata["cause"]?.description.contains("SHA-256") == true)
        #expect(try await world.inbox.catalog.archive.find(id) == nil)
    }

    @Test func oneThatCannotBeRenamedStopsNoOther() async throws {
        let fault = Fault(EACCES)
        let hits = Mutex(0)
        let world = try ArchiveFixture(fault: { step in
            guard step.name == "move" else { return nil }
            return hits.withLock { hits in
                hits += 1
                return hits == 1 ? fault.pass(step, "move") : nil
            }
        })
        let first = try await world.transcribed()
        let second = try await world.transcribed("more speech", "ali/more.wav")
        world.elapse(2000)
        let scheduler = try world.scheduler()
        _ = await scheduler.pass()
        #expect(world.problems == [.archiveStuck])
        #expect(try await world.audio(first) == .present)
        #expect(try await world.archivedAt(second) != nil)
        _ = await scheduler.pass()
        #expect(world.problems.isEmpty)
        #expect(try await world.archivedAt(first) != nil)
    }

    @Test func onlyPausesAndPassesAreMadeUntilItEnds() async throws {
        let world = try ArchiveFixture()
        let id = try await world.transcribed()
        let pauses = Mutex<[Duration]>([])
        let made = world.inbox.components.archiveScheduler(
            age: ArchiveFixture.age,
            now: { Date() + (pauses.withLock { $0.isEmpty } ? 0 : 2000) },
            sleep: { pause in
                let count = pauses.withLock { pauses in
                    pauses.append(pause)
                    return pauses.count
                }
                // Sleeps until it is cancelled.
                if count > 1 { try await Task.sleep(for: .seconds(3600)) }
            })
        let scheduler = try #require(made)
        let running = Task { await scheduler.run() }
        try await waitUntil("it sleeps again") { pauses.withLock { $0.count } == 2 }
        running.cancel()
        await running.value
        #expect(try await world.archivedAt(id) != nil)
        let slept = pauses.withLock { $0 }
        #expect(slept.count <= 3 && slept[0] > .seconds(900) && slept[1] == ArchiveFixture.age)
    }
}
