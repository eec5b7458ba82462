import Foundation
import GRDB
import Glibc
import KotibCatalog
import KotibComponents
import KotibHealth
import KotibIngest
import KotibIngestTestSupport
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Synchronization
import Testing

@testable import KotibArchive

/// An inbox with an archive beside it, on the same disk or as if on another.
struct ArchiveFixture: Sendable {
    /// How long a recording rests.
    static let age = Duration.seconds(1000)

    typealias Fault = @Sendable (FaultyFileSystem.Step) -> Int32?

    let inbox: IngestFixture
    /// `archive` in it is the archive.
    let place: TemporaryFolder
    private let time = Time()

    private final class Time: Sendable {
        let passed = Mutex(TimeInterval(0))
    }

    /// - Parameters:
    ///   - isOtherDisk: renames from one to the other fail, as between file systems.
    ///   - fault: of a step in the inbox.
    ///   - archiveFault: of a step in the archive.
    init(
        isOtherDisk: Bool = false, isThere: Bool = true, database: DatabaseQueue? = nil,
        inspector: FakeInspector = FakeInspector(), fault: @escaping Fault = { _ in nil },
        archiveFault: @escaping Fault = { _ in nil }
    ) throws {
        let place = try TemporaryFolder()
        self.place = place
        if isThere { try place.makeFolder("archive") }
        let archive = ArchiveFolder(path: place.path("archive")) { FaultyFileSystem($0, fault: archiveFault) }
        inbox = try IngestFixture(inspector: inspector, database: database, archive: archive) { disk in
            FaultyFileSystem(disk) { $0.name == "move" && isOtherDisk ? EXDEV : fault($0) }
        }
    }

    /// Takes everything, with a hash that is not its own.
    static let mistaken = FakeInspector { content, _ in
        var facts = FakeInspector.facts(content)
        facts.sha256.reverse()
        return .facts(facts)
    }

    /// A new scheduler, as after a start of the daemon.
    func scheduler() throws -> ArchiveScheduler {
        let time = time
        let scheduler = inbox.components.archiveScheduler(
            age: Self.age, now: { Date() + time.passed.withLock { $0 } })
        return try #require(scheduler)
    }

    @discardableResult
    func pass() async throws -> Duration { try await scheduler().pass() }

    func elapse(_ seconds: TimeInterval) { time.passed.withLock { $0 = seconds } }

    /// One that is transcribed, its text beside it.
    @discardableResult
    func transcribed(_ content: String = "speech", _ name: String = "ali/talk.wav") async throws
        -> RecordingID
    {
        let id = try #require(try await inbox.drop(content, name)).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(id)
        try #require(try await inbox.catalog.recordings.find(id)?.sidecarDue == nil)
        return id
    }

    /// One that is archived.
    func archived(_ content: String = "speech", _ name: String = "ali/talk.wav") async throws -> RecordingID {
        let id = try await transcribed(content, name)
        elapse(2000)
        try await pass()
        try #require(try await audio(id) == .gone)
        return id
    }

    func audio(_ id: RecordingID) async throws -> AudioState? {
        try await inbox.catalog.recordings.find(id)?.audio
    }

    func archivedAt(_ id: RecordingID) async throws -> Date? {
        try await inbox.catalog.listing.entry(id, in: .everyone)?.archived
    }

    /// The audio that a caller gets.
    func sound(_ id: RecordingID) async throws -> String? {
        guard let (file, _) = try await inbox.components.audio.open(id, in: .everyone) else { return nil }
        return String(decoding: try file.read(upTo: 1000), as: UTF8.self)
    }

    var actions: RecordingActions { inbox.actions }

    /// Below the archive: ali's files, without the mark.
    func names() throws -> [String] {
        guard try place.names(in: "archive").contains("ali") else { return [] }
        return try place.names(in: "archive/ali")
    }

    func content(_ name: String) -> String? { place.read("archive/" + name) }

    var problems: [HealthIssue] {
        inbox.board.openIssues.keys.filter(\.concernsArchive)
    }

    func status(_ path: String) throws -> stat {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status
    }
}
