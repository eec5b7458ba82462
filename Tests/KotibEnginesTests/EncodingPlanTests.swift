import KotibWorkerProtocol
import Testing

@testable import KotibEngines

struct EncodingPlanTests {
    /// 25 MiB less what stands around the file.
    private let room: Int64 = 25 << 20 - 4096

    @Test(arguments: [
        (1.0, 24_000), (3600, 24_000), (8_500, 24_000), (8_600, 16_000), (12_800, 16_000), (12_900, 12_000),
        (17_100, 12_000), (17_200, 8_000), (25_600, 8_000), (25_800, 6_000), (34_200, 6_000),
    ])
    func theBestRateThatFitsComesFirst(duration: Double, bitRate: Int) {
        let plan = EncodingPlan(.opus, duration: duration, capacity: room)
        #expect(plan.bitRates.first == bitRate)
        #expect(plan.bitRates.last == 6_000 && plan.bitRates == plan.bitRates.sorted(by: >))
    }

    @Test func unfittingBitRateIsNotTried() {
        let longest = EncodingPlan.longest(in: room)
        #expect((9.4...9.6).contains(longest / 3600))
        #expect(EncodingPlan(.opus, duration: longest - 1, capacity: room).bitRates == [6_000])
        #expect(EncodingPlan(.opus, duration: longest + 1, capacity: room).bitRates.isEmpty)
        #expect(EncodingPlan(.opus, duration: 1, capacity: -3_000).bitRates.isEmpty)
        #expect(EncodingPlan.longest(in: -3_000) == 0)
    }

    @Test func flacIsTriedOnce() {
        #expect(EncodingPlan(.flac, duration: 40_000, capacity: room).bitRates == [0])
        #expect(EncodingPlan(.flac, duration: 1, capacity: 0).bitRates.isEmpty)
    }
}
