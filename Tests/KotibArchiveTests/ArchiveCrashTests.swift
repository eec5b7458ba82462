import GRDB
import Glibc
import KotibCatalog
import KotibIngest
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Testing

@testable import KotibArchive

/// Whatever step of archiving fails, or is the daemon's last: the audio is never nowhere, and after the next
/// start it is archived, once.
@Suite(.timeLimit(.minutes(3))) struct ArchiveCrashTests {
    @Test(arguments: CrashPoint.Kind.allCases, [false, true])
    func noStepLosesAudio(_ kind: CrashPoint.Kind, _ isOtherDisk: Bool) async throws {
        var step = 0
        while try await wasReached(step, kind, isOtherDisk, isBack: false) { step += 1 }
        #expect(step > (isOtherDisk ? 40 : 20))
    }

    /// One that was brought back by a copy, of which the archive has the other.
    @Test(arguments: CrashPoint.Kind.allCases)
    func noStepLosesAudioThatWasBroughtBack(_ kind: CrashPoint.Kind) async throws {
        var step = 0
        while try await wasReached(step, kind, true, isBack: true) { step += 1 }
        #expect(step > 15)
    }

    private func wasReached(
        _ step: Int, _ kind: CrashPoint.Kind, _ isOtherDisk: Bool, isBack: Bool
    ) async throws -> Bool {
        let point = CrashPoint()
        let database = try DatabaseQueue()
        let world = try ArchiveFixture(
            isOtherDisk: isOtherDisk, database: database, fault: point.pass, archiveFault: point.pass)
        database.add(transactionObserver: point, extent: .databaseLifetime)
        let id = try await world.transcribed()
        world.elapse(2000)
        if isBack {
            try await world.pass()
            try await world.inbox.drop("speech")
            try #require(try await world.audio(id) == .present)
        }

        point.arm(kind, at: step)
        try await world.pass()
        let wasReached = point.disarm()

        let place = Comment("\(kind) at step \(step), other disk: \(isOtherDisk), brought back: \(isBack)")
        #expect(try copies(world) > 0, place)
        // Whoever asks hears it, or is told to come later.
        if case .success(nil) = await Result(catching: { try await world.sound(id) }) {
            Issue.record("it is not heard", sourceLocation: #_sourceLocation)
        }
        await world.inbox.pipeline.handle(.removed(try world.inbox.path("ali/talk.wav")))
        await world.inbox.pipeline.handle(.scanFinished)
        try await world.pass()
        #expect(try await world.archivedAt(id) != nil, place)
        #expect(try await world.inbox.catalog.archive.unfinished(after: nil, limit: 1).isEmpty, place)
        #expect(world.problems.isEmpty, place)
        #expect(try world.names() == ["talk.wav"], place)
        #expect(world.content("ali/talk.wav") == "speech", place)
        #expect(try world.inbox.names().filter { !$0.hasPrefix(".kotib-") } == ["talk.wav.txt"], place)
        #expect(try world.inbox.rows() == 1, place)
        #expect(try await world.sound(id) == "speech", place)
        return wasReached
    }

    /// Files with the whole content, under whatever name.
    private func copies(_ world: ArchiveFixture) throws -> Int {
        let inbox = try world.inbox.names().count { world.inbox.folder.read("ali/" + $0) == "speech" }
        return try inbox + world.names().count { world.content("ali/" + $0) == "speech" }
    }
}

extension Result where Failure == any Error {
    fileprivate init(catching body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
