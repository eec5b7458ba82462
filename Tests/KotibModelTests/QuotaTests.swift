import KotibModel
import Testing

struct QuotaTests {
    private let limits = Quota(bytes: 1000, files: 10, minutesPerDay: 1)

    private func refusal(
        _ size: Int64, seconds: Double = 1, replacing old: Int64? = nil, bytes: Int64 = 0, files: Int64 = 0,
        milliseconds: Int64 = 0
    ) -> Rejection? {
        limits.refusal(
            of: QuotaClaim(
                size: size, milliseconds: QuotaClaim.milliseconds(of: seconds), replaced: old),
            beside: QuotaUsage(bytes: bytes, files: files, milliseconds: milliseconds))
    }

    @Test func theLastByteFitsAndOneMoreDoesNot() {
        #expect(refusal(400, bytes: 600) == nil)
        #expect(refusal(401, bytes: 600) == .overQuotaBytes(size: 401, used: 600, limit: 1000))
        #expect(refusal(1000) == nil)
        #expect(refusal(1001)?.exceedsQuotaAlone == true)
        #expect(refusal(1, bytes: 1000)?.exceedsQuotaAlone == false)
    }

    @Test func theLastFileFitsAndOneMoreDoesNot() {
        #expect(refusal(1, files: 9) == nil)
        #expect(refusal(1, files: 10) == .overQuotaFiles(used: 10, limit: 10))
        #expect(refusal(1, replacing: 1, files: 10) == nil)
    }

    @Test func theLastSecondFitsAndOneMoreDoesNot() {
        #expect(refusal(1, seconds: 10, milliseconds: 50_000) == nil)
        #expect(
            refusal(1, seconds: 11, milliseconds: 50_000)
                == .overQuotaMinutes(duration: 11, used: 50, limit: 60))
        #expect(refusal(1, seconds: 60) == nil)
        #expect(refusal(1, seconds: 61)?.exceedsQuotaAlone == true)
        // Thousandths are added up without a rest.
        #expect((1...10).allSatisfy { _ in QuotaClaim.milliseconds(of: 0.1) == 100 })
        #expect(QuotaClaim.milliseconds(of: -1) == 0 && QuotaClaim.milliseconds(of: .nan) == 0)
        #expect(QuotaClaim.milliseconds(of: .infinity) == 315_576_000_000)
    }

    /// A request may declare any length (`Content-Length: 9223372036854775807`).
    @Test func noSumOverflows() {
        #expect(refusal(.max, bytes: .max)?.code == "over_quota_bytes")
        #expect(refusal(.max, replacing: 1, bytes: 2)?.code == "over_quota_bytes")
        #expect(refusal(1, replacing: .min, bytes: .max)?.code == "over_quota_bytes")
        #expect(refusal(1, files: .max)?.code == "over_quota_files")
        #expect(refusal(1, seconds: 1e300, milliseconds: .max)?.code == "over_quota_minutes")
        let most = Quota(bytes: .max, files: .max, minutesPerDay: .max)
        #expect(most.refusal(of: QuotaClaim(size: 1, milliseconds: 1), beside: QuotaUsage()) == nil)
        #expect(most.room(beside: QuotaUsage(bytes: -1, milliseconds: -1))?.size == .max)
        #expect(limits.room(beside: QuotaUsage(bytes: .max, milliseconds: .max)) == nil)
    }

    @Test func onlyWhatAddsIsRefused() {
        #expect(refusal(500, replacing: 500, bytes: 5000) == nil)
        #expect(refusal(499, replacing: 500, bytes: 5000) == nil)
        #expect(refusal(501, replacing: 500, bytes: 5000) != nil)
        #expect(refusal(1000, replacing: 600, bytes: 600) == nil)
    }

    @Test func aReasonThatStaysComesFirst() {
        #expect(refusal(1, seconds: 61, bytes: 1000, files: 10)?.code == "over_quota_minutes")
        #expect(refusal(1, seconds: 60, bytes: 1000, files: 10, milliseconds: 1)?.code == "over_quota_bytes")
    }

    @Test func zeroIsNoLimitAndAUsersOwnComesFirst() {
        let all = QuotaClaim(size: .max / 2, milliseconds: .max / 2)
        let use = QuotaUsage(bytes: 1 << 60, files: 1 << 60, milliseconds: 1 << 60)
        #expect(Quota().refusal(of: all, beside: use) == nil)
        #expect(limits.with(QuotaOverrides()) == limits)
        #expect(limits.with(QuotaOverrides(bytes: 0, files: 0, minutesPerDay: 0)) == Quota())
        #expect(limits.with(QuotaOverrides(files: 3)) == Quota(bytes: 1000, files: 3, minutesPerDay: 1))
    }

    @Test func theRoomIsWhatIsNotRefused() {
        let uses = [
            QuotaUsage(), QuotaUsage(bytes: 999, files: 9, milliseconds: 59_999), QuotaUsage(bytes: 1000),
            QuotaUsage(files: 10), QuotaUsage(milliseconds: 60_000),
        ]
        for use in uses {
            guard let room = limits.room(beside: use) else {
                #expect(limits.refusal(of: QuotaClaim(size: 1, milliseconds: 1), beside: use) != nil)
                continue
            }
            #expect(limits.refusal(of: room, beside: use) == nil)
            for (bytes, time) in [(1, 0), (0, 1)] as [(Int64, Int64)] {
                let more = QuotaClaim(size: room.size + bytes, milliseconds: room.milliseconds + time)
                #expect(limits.refusal(of: more, beside: use) != nil)
            }
        }
    }

    @Test func minutesOfAnotherDayDoNotCount() {
        let use = QuotaUsage(bytes: 5, files: 2, milliseconds: 7, day: 10)
        #expect(use.on(10) == use)
        #expect(use.on(11) == QuotaUsage(bytes: 5, files: 2, milliseconds: 0, day: 11))
        #expect(use.on(9).milliseconds == 0)
    }
}
