import KotibCatalog
import KotibComponents
import KotibIngestTestSupport
import KotibModel
import KotibTestSupport

@testable import KotibIngest

extension Quotas {
    /// In a time zone without daylight saving time.
    static func tashkent(_ clock: ManualClock, _ limits: Quota) -> Quotas {
        Quotas(limits: limits, days: LocalDays { _ in 5 * 3600 }, now: { clock.date })
    }
}

extension IngestFixture {
    /// Runs `body` while recordings are accepted as their quota has room.
    func readmitting(_ clock: ManualClock, _ body: () async throws -> Void) async throws {
        var readmission = components.quotaReadmission(clock: clock)
        readmission.pause = .zero
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [readmission] in await readmission.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try result.get()
        }
    }
}
