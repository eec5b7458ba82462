import Glibc
import KotibCatalog
import KotibIngest
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibLibrary

/// Uploads under way count against the quota, each with what it has at least.
@Suite(.timeLimit(.minutes(1))) struct UploadReservationTests {
    private func refusal(_ body: () async throws -> Void) async throws -> Rejection? {
        do {
            try await body()
            return nil
        } catch let rejection as Rejection {
            return rejection
        }
    }

    private func ali(_ inbox: IngestFixture) async throws -> UserID {
        try await inbox.catalog.users.enroll("ali")
    }

    @Test func ofManyAtOnceOnlyWhatFitsIsWritten() async throws {
        let inbox = try IngestFixture(quotas: Quotas(limits: Quota(bytes: 100)))
        let (user, uploads) = (try await ali(inbox), inbox.uploads)
        let first = try await uploads.upload("a.wav", to: user, atLeast: 60)
        #expect(try await refusal { _ = try await uploads.upload("b.wav", to: user, atLeast: 41) } != nil)
        #expect(try await uploads.refusal(ofUploadTo: user, atLeast: 41)?.code == "over_quota_bytes")
        let other = try await uploads.upload("c.wav", to: user, atLeast: 0)
        try await other.write([UInt8](repeating: 1, count: 40))
        #expect(
            try await refusal { try await other.write([1]) }
                == .overQuotaBytes(size: 41, used: 60, limit: 100))
        // A released reservation takes no room.
        let third = try await uploads.upload("d.wav", to: user, atLeast: 40)
        await first.cancel()
        await third.cancel()
        let last = try await uploads.upload("e.wav", to: user, atLeast: 100)
        try await last.write([UInt8](repeating: 1, count: 100))
        guard case .accepted = try await last.finish() else { throw CancellationError() }
        #expect(try await uploads.refusal(ofUploadTo: user, atLeast: 1)?.code == "over_quota_bytes")
        #expect(try inbox.names() == ["e.wav"])
    }

    @Test func filesCountToo() async throws {
        let inbox = try IngestFixture(quotas: Quotas(limits: Quota(files: 1)))
        let (user, uploads) = (try await ali(inbox), inbox.uploads)
        do {
            let upload = try await uploads.upload("a.wav", to: user)
            #expect(try await refusal { _ = try await uploads.upload("b.wav", to: user) } != nil)
            try await upload.write([1])
        }
        // The upload was not finished.
        try await waitUntil("it is gone") {
            try await refusal { _ = try await uploads.upload("b.wav", to: user) } == nil
        }
    }

    @Test func othersHaveTheirOwn() async throws {
        let inbox = try IngestFixture(quotas: Quotas(limits: Quota(bytes: 100)))
        let uploads = inbox.uploads
        let vali = try await inbox.catalog.users.enroll("vali")
        let first = try await uploads.upload("a.wav", to: ali(inbox), atLeast: 100)
        let second = try await uploads.upload("a.wav", to: vali, atLeast: 100)
        await first.cancel()
        await second.cancel()
    }

    /// Nothing is reserved for what is never taken.
    @Test(arguments: [Int64.max, IngestFixture.largest + 1])
    func aFileThatIsTooLargeReservesNothing(_ size: Int64) async throws {
        let inbox = try IngestFixture(quotas: Quotas(limits: Quota(bytes: .max)))
        let (user, uploads) = (try await ali(inbox), inbox.uploads)
        for _ in 1...2 {
            #expect(
                try await refusal { _ = try await uploads.upload("a.wav", to: user, atLeast: size) }
                    == .tooLarge(size: size, limit: IngestFixture.largest))
        }
        #expect(try await uploads.refusal(ofUploadTo: user, atLeast: .max) == nil)
        #expect(try inbox.names().isEmpty)
    }

    @Test func sumsOfReservationsEndAtTheLargestNumber() async throws {
        let inbox = try IngestFixture()
        let user = try await ali(inbox)
        let reservations = UploadReservations(catalog: inbox.catalog, quotas: Quotas())
        let first = try await reservations.reserve(.max, for: user)
        let second = try await reservations.reserve(.max, for: user)
        try await second.grow(to: .max)
        let claim = QuotaClaim(size: .max, milliseconds: 1)
        #expect(try await reservations.refusal(of: claim, by: user) == nil)
        first.release()
        second.release()
    }

    /// A stranger takes the place of a folder that was the daemon's (threat 74).
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func nothingIsPutIntoAFolderThatChangedHands() async throws {
        let inbox = try IngestFixture()
        let (user, uploads) = (try await ali(inbox), inbox.uploads)
        await (try await uploads.upload("a.wav", to: user)).cancel()
        #expect(rename(inbox.folder.path("ali"), inbox.folder.path(".ali")) == 0)
        try inbox.folder.makeFolder("ali")
        #expect(chown(inbox.folder.path("ali"), 4001, 4001) == 0)
        await #expect(throws: UploadError.foreignFolder(folder: "ali", owner: 4001)) {
            _ = try await uploads.upload("b.wav", to: user)
        }
        #expect(try inbox.names().isEmpty)
        // An administrator says that it is right so.
        try await inbox.catalog.users.noteFolderOwner(4001, of: user, replacing: true)
        await (try await uploads.upload("b.wav", to: user)).cancel()
    }

    /// A user who enrolled by a folder of their own owns it.
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func aFolderIsWhoseItWasWhenItWasSeenFirst() async throws {
        let inbox = try IngestFixture()
        let (user, uploads) = (try await ali(inbox), inbox.uploads)
        #expect(chown(inbox.folder.path("ali"), 4002, 4002) == 0)
        await (try await uploads.upload("a.wav", to: user)).cancel()
        #expect(try await inbox.catalog.users.folderOwner(of: user)?.owner == 4002)
        #expect(chown(inbox.folder.path("ali"), 4001, 4001) == 0)
        await #expect(throws: UploadError.self) { _ = try await uploads.upload("b.wav", to: user) }
    }
}
