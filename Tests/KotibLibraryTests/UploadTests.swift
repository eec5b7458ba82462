import FoundationEssentials
import Glibc
import KotibCatalog
import KotibIngest
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Synchronization
import Testing

@testable import KotibLibrary

@Suite struct UploadTests {
    private func upload(
        _ content: String, as name: String, _ inbox: IngestFixture
    ) async throws -> UploadOutcome {
        let user = try await inbox.catalog.users.enroll("ali")
        let upload = try await inbox.uploads.upload(name, to: user)
        for byte in content.utf8 { try await upload.write([byte]) }
        return try await upload.finish()
    }

    private func accepted(_ outcome: UploadOutcome) -> RecordingID? {
        if case .accepted(let id) = outcome { id } else { nil }
    }

    private func rejection(_ outcome: UploadOutcome) -> Rejection? {
        if case .refused(let rejection) = outcome { rejection } else { nil }
    }

    @Test func uploadIsAcceptedOnceAlthoughTheWatcherSeesIt() async throws {
        let inbox = try IngestFixture()
        inbox.folder.remove("ali")
        let id = try #require(accepted(try await upload("speech", as: "talk.wav", inbox)))
        #expect(try inbox.names() == ["talk.wav"])
        try await inbox.handle("ali/talk.wav")
        #expect(try await inbox.current()?.id == id)
        #expect(try inbox.rows() == 1)
        #expect(inbox.inspector.calls == 1)
    }

    /// A program that maps the file before it is hashed could change it afterwards without a trace.
    @Test func nobodyElseOpensAFileUntilItWasInspected() async throws {
        let seen = Shared<[mode_t]>([])
        let place = Shared("")
        let inspector = FakeInspector { content, _ in
            let folder = place.value
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names {
                var status = stat()
                if stat(folder + "/" + name, &status) == 0 {
                    seen.change { $0.append(status.st_mode & 0o777) }
                }
            }
            return .facts(FakeInspector.facts(content))
        }
        let inbox = try IngestFixture(inspector: inspector)
        place.value = inbox.folder.path("ali")
        #expect(chmod(place.value, 0o2770) == 0)
        let id = try #require(accepted(try await upload("speech", as: "talk.wav", inbox)))
        #expect(seen.value == [0o600])
        let status = try #require(try inbox.disk.examine(inbox.path("ali/talk.wav")))
        #expect(status.permissions == 0o660)
        #expect(try await inbox.catalog.recordings.find(id)?.identity == status.identity)
    }

    /// Somebody writes to it as soon as they may.
    @Test func aFileThatWasChangedAfterItsInspectionIsNotTaken() async throws {
        let place = Shared("")
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { step in
                let folder = place.value
                guard step.name == "rename keep", !folder.isEmpty,
                    let name = try? FileManager.default.contentsOfDirectory(atPath: folder).first
                else { return nil }
                let file = open(folder + "/" + name, O_WRONLY | O_APPEND)
                _ = write(file, "S", 1)
                close(file)
                return nil
            }
        }
        place.value = inbox.folder.path("ali")
        await #expect(throws: UploadError.changedMeanwhile) {
            _ = try await upload("speech", as: "talk.wav", inbox)
        }
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test func takenNameGetsANumber() async throws {
        let inbox = try IngestFixture()
        async let first = upload("one", as: "talk.wav", inbox)
        async let second = upload("two", as: "talk.wav", inbox)
        _ = try await (first, second)
        #expect(try inbox.names() == ["talk (2).wav", "talk.wav"])
        #expect(try inbox.rows() == 2)
    }

    @Test func refusedUploadLeavesNothing() async throws {
        let inbox = try IngestFixture()
        #expect(rejection(try await upload("bad", as: "talk.wav", inbox)) == .damaged(detail: "test"))
        #expect(rejection(try await upload("", as: "talk.wav", inbox)) == .empty)
        await #expect(throws: Rejection.self) { try await upload("text", as: "talk.txt", inbox) }
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test func oneByteTooManyLeavesNothing() async throws {
        let inbox = try IngestFixture()
        let user = try await inbox.catalog.users.enroll("ali")
        let upload = try await inbox.uploads.upload("talk.wav", to: user)
        try await upload.write([UInt8](repeating: 1, count: Int(IngestFixture.largest)))
        await #expect(throws: Rejection.self) { try await upload.write([1]) }
        await #expect(throws: UploadError.alreadyEnded) { _ = try await upload.finish() }
        #expect(try inbox.names().isEmpty)
    }

    @Test func unfinishedUploadLeavesNothing() async throws {
        let inbox = try IngestFixture()
        let user = try await inbox.catalog.users.enroll("ali")
        do {
            let upload = try await inbox.uploads.upload("talk.wav", to: user)
            try await upload.write([1])
            #expect(try inbox.names().count == 1)
        }
        #expect(try await waitUntil { try inbox.names().isEmpty })
    }

    @Test(arguments: ["create", "write", "setPermissions", "synchronize", "openForReading", "rename keep"])
    func faultLeavesNothing(step name: String) async throws {
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { $0.name == name ? ENOSPC : nil }
        }
        let failure = await #expect(throws: FileError.self) {
            try await upload("speech", as: "talk.wav", inbox)
        }
        #expect(failure?.code == ENOSPC)
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test(arguments: [
        ("talk.wav", "talk.wav"), ("a/b.wav", "b.wav"), ("C:\\x\\b.wav", "b.wav"), ("..", "recording."),
        (".wav", "recording.wav"), ("../../etc/passwd.wav", "passwd.wav"), ("", "recording"),
        ("con.wav", "_con.wav"), ("LPT1.wav", "_LPT1.wav"), ("-rf.wav", "-rf.wav"), ("~x.wav", "x.wav"),
        ("a\nb\0.wav", "a_b_.wav"), ("a/\u{301}b.wav", "\u{301}b.wav"), (".kotib-1.wav", "kotib-1.wav"),
    ])
    func nameIsMadeSafe(name: String, safe: String) {
        #expect(UploadName(name).bytes(1) == Array(safe.utf8))
    }

    @Test func longNameIsCutBetweenCharacters() throws {
        let name = UploadName(String(repeating: "ў", count: 200) + ".wav")
        let first = try #require(name.bytes(1))
        #expect(first.count == 254)
        #expect(String(validating: first, as: UTF8.self)?.hasSuffix("ў.wav") == true)
        #expect(try #require(name.bytes(12)).count <= 255)
        #expect(UploadName("a." + String(repeating: "w", count: 300)).bytes(1) == nil)
    }
}
