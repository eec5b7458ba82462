import FoundationEssentials
import HTTPTypes
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite struct QuotaRouteTests {
    /// Noon, by a clock that stands still and a day that ends at midnight UTC.
    private func quotas(_ limits: Quota) -> Quotas {
        Quotas(
            limits: limits, days: LocalDays { _ in 0 }, now: { Date(timeIntervalSince1970: 1_800_014_400) })
    }

    private func error(_ answer: AudioFixture.Answer) throws -> ErrorBody {
        try answer.decoded(ErrorBody.self)
    }

    @Test func bytesOverTheQuotaAreInsufficientStorage() async throws {
        let inbox = try await AudioFixture(quotas: quotas(Quota(bytes: 10)))
        let ali = try await inbox.user("ali")
        #expect(try await inbox.upload("sixsix", as: "a.wav", by: ali).status == .ok)
        let refused = try await inbox.upload("five5", as: "b.wav", by: ali)
        #expect(refused.status.code == 507 && refused.headers[.retryAfter] == nil)
        #expect(try error(refused).code == "over_quota")
        let sentence = try error(refused).detail
        #expect(sentence.contains("“b.wav”") && sentence.contains("10 bytes"), "\(sentence)")
        #expect(try await inbox.upload("four", as: "c.wav", by: ali).status == .ok)
        #expect(try inbox.folder.names(in: "ali") == ["a.wav", "c.wav"])
    }

    @Test func declaredOversizeIsNotRead() async throws {
        let inbox = try await AudioFixture(quotas: quotas(Quota(bytes: 100_000)))
        let ali = try await inbox.user("ali")
        let type = "multipart/form-data; boundary=edge"
        // The body is not a form.
        for (length, status) in [("165537", 507), ("165536", 400), ("x", 400)] {
            let answer = try await inbox.call(
                .post, "upload", as: ali, Array("none".utf8),
                headers: [.contentType: type, .contentLength: length])
            #expect(answer.status.code == status, "\(length)")
        }
        #expect(try inbox.folder.names(in: "ali").isEmpty)
    }

    @Test func oneFileTooManyIsInsufficientStorage() async throws {
        let inbox = try await AudioFixture(quotas: quotas(Quota(files: 1)))
        let (ali, boss) = (try await inbox.user("ali"), try await inbox.user("boss", role: .admin))
        #expect(try await inbox.upload("one", as: "a.wav", by: ali).status == .ok)
        for (caller, query) in [(ali, ""), (boss, "?user=ali"), (.localOperator, "?user=ali")] {
            let refused = try await inbox.upload("two", as: "b.wav", by: caller, query: query)
            #expect(refused.status.code == 507)
            #expect(try error(refused).detail.contains("ruxsat etilgani 1 ta"))
        }
        #expect(try await inbox.upload("two", as: "b.wav", by: boss).status == .ok)
        #expect(try inbox.folder.names(in: "ali") == ["a.wav"])
    }

    @Test func minutesOverTheQuotaAreForTomorrow() async throws {
        let quotas = quotas(Quota(minutesPerDay: 1))
        let inbox = try await AudioFixture(quotas: quotas)
        let ali = try await inbox.user("ali")
        func take(_ seconds: Double, _ name: String) async throws {
            let facts = AudioFacts(
                mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: seconds,
                channels: 1,
                sampleRate: 16_000, sha256: Array(repeating: UInt8(seconds), count: 32))
            let identity = FileIdentity(device: 1, inode: UInt64(seconds), size: 9, modified: 1, changed: 1)
            let path = try #require(InboxPath("ali/\(name)"))
            _ = try await inbox.parts.catalog.ingest.accept(
                path, identity: identity, facts: facts, under: quotas
            )
            .get()
        }
        try await take(59, "a.wav")
        #expect(try await inbox.upload("a second", as: "b.wav", by: ali).status == .ok)
        let refused = try await inbox.upload("another", as: "c.wav", by: ali)
        #expect(refused.status == .tooManyRequests)
        #expect(refused.headers[.retryAfter] == "43200")
        #expect(try error(refused).code == "over_quota")
        #expect(try error(refused).detail.contains("yarim tundan keyin qaytadan yuklang"))
        #expect(try inbox.folder.names(in: "ali") == ["b.wav"])
    }

    @Test func anAdminSetsAUsersQuotaAndBothSeeIt() async throws {
        let fixture = try await ControlFixture()
        let ali = try await fixture.user("ali")
        try await fixture.record("ali/a.wav")
        let path = "/api/v1/users/\(ali.user.id)"
        func quota(_ body: String) async throws -> QuotaBody? {
            let answer = try await fixture.ask(.patch, path, as: .localOperator, body: body)
            return try answer.json(UserBody.self).quota
        }
        let none = try await quota("{}")
        #expect(none?.bytes == .init(limit: nil, used: 1000, isOwn: false))
        let set = try await quota(#"{"quota_bytes": 4096, "quota_files": 2, "quota_minutes": 30}"#)
        #expect(set?.bytes == .init(limit: 4096, used: 1000, isOwn: true))
        #expect(set?.files == .init(limit: 2, used: 1, isOwn: true))
        #expect(set?.minutesPerDay.limit == 30)
        let own = try await fixture.ask(.get, path, as: .session(ali)).json(UserBody.self)
        #expect(own.quota == set)
        let some = try await quota(#"{"quota_bytes": 0, "quota_files": -1}"#)
        #expect(some?.bytes == .init(limit: nil, used: 1000, isOwn: true))
        #expect(some?.files == .init(limit: nil, used: 1, isOwn: false))
        #expect(some?.minutesPerDay.isOwn == true)
    }
}
