import FoundationEssentials
import GRDB
import Glibc

/// A reading of the wall clock, which people and NTP set, and of the boot clock, which is monotonic.
public struct ClockReading: Hashable, Sendable {
    public var wall: Date
    /// Names the boot that `uptime` counts from.
    public var boot: String
    /// Seconds since the boot, sleep included (clock_gettime(2), CLOCK_BOOTTIME).
    public var uptime: TimeInterval

    public init(wall: Date, boot: String, uptime: TimeInterval) {
        self.wall = wall
        self.boot = boot
        self.uptime = uptime
    }

    @Sendable public static func now() -> ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return ClockReading(
            wall: Date(), boot: currentBoot,
            uptime: TimeInterval(time.tv_sec) + TimeInterval(time.tv_nsec) / 1e9)
    }

    /// random(4). Where it cannot be read each process counts as a boot of its own.
    private static let currentBoot: String = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text.map { String($0.prefix { !$0.isWhitespace }) } ?? "process \(UUID().uuidString)"
    }()
}

/// The time that codes, tokens and limits go by.
public struct SteadyClock: CatalogStore {
    let database: CatalogDatabase

    /// Seconds. A machine that was off is believed so much by its wall clock, which may be wrong until NTP
    /// has set it: what ends by the wall clock ends all the same, and what only this time ends lasts somewhat
    /// longer.
    static let longestRest: TimeInterval = CodeStore.day

    /// Keeps the time for the next boot. To be called now and then; each write of an account does it too.
    public func keepTime(_ reading: ClockReading) async throws(CatalogError) {
        try await write("keepTime") { _ = try $0.advanceTime(reading) }
    }
}

/// Codes, tokens and limits go by a time that no setting of a clock moves: it goes on with the boot clock,
/// and from one boot to the next by what the wall clock has gone on, never back. It began as seconds since
/// 1970.
extension Database {
    func steadyTime(_ reading: ClockReading) throws -> TimeInterval {
        let wall = reading.wall.timeIntervalSince1970
        guard let row = try row(SteadyTimeSQL.read, []) else { return wall }
        let time: TimeInterval = row["time"]
        if row["boot"] as String == reading.boot { return time + max(0, reading.uptime - row["uptime"]) }
        return time + min(max(0, wall - row["wall"]), SteadyClock.longestRest)
    }

    /// As ``steadyTime(_:)``, which goes on from here.
    func advanceTime(_ reading: ClockReading) throws -> TimeInterval {
        let time = try steadyTime(reading)
        try run(
            SteadyTimeSQL.keep,
            [
                "time": time, "boot": reading.boot, "uptime": reading.uptime,
                "wall": reading.wall.timeIntervalSince1970,
            ])
        return time
    }
}

enum SteadyTimeSQL {
    static let read = "SELECT time, boot, uptime, wall FROM steady_time WHERE id = 1"
    static let keep = """
        INSERT INTO steady_time (id, time, boot, uptime, wall) VALUES (1, :time, :boot, :uptime, :wall)
        ON CONFLICT (id) DO UPDATE SET time = excluded.time, boot = excluded.boot, uptime = excluded.uptime,
            wall = excluded.wall
        """
}
