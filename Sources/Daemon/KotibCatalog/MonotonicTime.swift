import FoundationEssentials
import GRDB
import Glibc

/// A reading of the wall clock, which people and NTP set, and of the boot clock, which is monotonic.
public struct ClockReading: Hashable, Sendable {
    public var wall: Date
    /// Names the boot that `uptime` counts from.
    var boot: String
    /// Seconds since the boot, sleep included (clock_gettime(2), CLOCK_BOOTTIME).
    public var uptime: TimeInterval

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

/// The clock of codes, tokens and limits.
public struct SteadyClock: CatalogStore {
    let database: CatalogDatabase

    /// Seconds. The longest time that the wall clock is believed to have passed while the machine was off,
    /// since it may be wrong until NTP has set it. Expiry by the wall clock still holds; expiry by this time
    /// alone may come somewhat later.
    static let longestRest: TimeInterval = CodeStore.day

    /// Saves the time for the next boot. To be called now and then; each write of an account does it too.
    public func saveTime(_ reading: ClockReading) async throws(CatalogError) {
        try await write("keepTime") { _ = try $0.advanceTime(reading) }
    }
}

/// Codes, tokens and limits use a time that no change of a clock moves: it advances with the boot clock, and
/// from one boot to the next by the wall clock's advance, never back. It began as seconds since 1970.
extension Database {
    func monotonicTime(_ reading: ClockReading) throws -> TimeInterval {
        let wall = reading.wall.timeIntervalSince1970
        guard let row = try row(MonotonicTimeSQL.read, []) else { return wall }
        let time: TimeInterval = row["time"]
        if row["boot"] as String == reading.boot { return time + max(0, reading.uptime - row["uptime"]) }
        return time + min(max(0, wall - row["wall"]), SteadyClock.longestRest)
    }

    /// As ``monotonicTime(_:)``, which goes on from here.
    func advanceTime(_ reading: ClockReading) throws -> TimeInterval {
        let time = try monotonicTime(reading)
        try run(
            MonotonicTimeSQL.keep,
            [
                "time": time, "boot": reading.boot, "uptime": reading.uptime,
                "wall": reading.wall.timeIntervalSince1970,
            ])
        return time
    }
}

enum MonotonicTimeSQL {
    static let read = "SELECT time, boot, uptime, wall FROM steady_time WHERE id = 1"
    static let keep = """
        INSERT INTO steady_time (id, time, boot, uptime, wall) VALUES (1, :time, :boot, :uptime, :wall)
        ON CONFLICT (id) DO UPDATE SET time = excluded.time, boot = excluded.boot, uptime = excluded.uptime,
            wall = excluded.wall
        """
}
