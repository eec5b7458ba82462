import FoundationEssentials
import Glibc

/// Times and lengths for people.
enum LocalTime {
    /// A time of the daemon's, ISO 8601 in UTC, by the local clock to the minute; as it is where it is none.
    static func text(_ iso: String) -> String {
        guard let date = date(iso) else { return iso }
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return iso }
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min))"
    }

    /// `1:02:03`, `2:03`.
    static func length(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let tail = two(whole % 60)
        return whole < 3600
            ? "\(whole / 60):\(tail)" : "\(whole / 3600):\(two(whole / 60 % 60)):\(tail)"
    }

    /// - Parameter share: between 0 and 1, but what comes over a socket may be anything.
    static func percent(_ share: Double) -> String {
        "\(share.isNaN ? 0 : Int(min(max(share, 0), 1) * 100))%"
    }

    private static func date(_ iso: String) -> Date? {
        let whole = Date.ISO8601FormatStyle()
        return (try? whole.parse(iso))
            ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(iso))
    }
}
