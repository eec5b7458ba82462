/// How far one thing is.
struct ProgressLine: Hashable, Sendable {
    var name: String
    /// Between 0 and 1; nil before that is known.
    var fraction: Double?
    /// Seconds that it still takes, where that can be told.
    var remaining: Double?
}

/// Lays progress out for a terminal: name, bar, percent, time left.
enum ProgressDisplay {
    /// As many as are shown one by one; the overall line counts the rest.
    static let maxLines = 8
    static let widestBar = 30
    private static let narrowestBar = 6
    private static let percentWidth = 4
    private static let timeWidth = 8

    /// - Parameter width: the columns of the terminal. The last one stays empty, so that no terminal wraps.
    static func lines(_ items: [ProgressLine], overall: ProgressLine?, width: Int) -> [String] {
        let shown = items.prefix(maxLines) + (overall.map { [$0] } ?? [])
        return shown.map { line($0, width: max(1, width - 1)) }
    }

    static func line(_ item: ProgressLine, width: Int) -> String {
        let percent = Self.percent(item.fraction).padded(toWidth: percentWidth, left: true)
        let name = Terminal.safe(item.name)
        let left = width - percentWidth - 1
        guard left > 1 else { return name.cut(toWidth: width) }
        let forBar = (left - timeWidth - 2) / 2
        guard forBar >= narrowestBar else {
            return name.cut(toWidth: left).padded(toWidth: left) + " " + percent
        }
        let bar = Self.bar(item.fraction, width: min(forBar, widestBar))
        let time = (item.remaining.map(clock) ?? "").padded(toWidth: timeWidth, left: true)
        let forName = left - timeWidth - 2 - bar.displayWidth
        return name.cut(toWidth: forName).padded(toWidth: forName) + " \(bar) \(percent) \(time)"
    }

    /// Rounded down: 100 % is only what is done.
    static func percent(_ fraction: Double?) -> String {
        fraction.map { "\(Int(within($0) * 100))%" } ?? ""
    }

    /// `m:ss` or `h:mm:ss`.
    static func clock(_ seconds: Double) -> String {
        // Nobody waits for a hundred hours; a number that is none must not end the program.
        let whole = seconds.isFinite ? Int(min(max(0, seconds.rounded(.up)), 359_999)) : 0
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = whole / 60 % 60
        return whole < 3600
            ? "\(minutes):\(two(whole % 60))" : "\(whole / 3600):\(two(minutes)):\(two(whole % 60))"
    }

    private static func bar(_ fraction: Double?, width: Int) -> String {
        let full = Int(within(fraction ?? 0) * Double(width))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    }

    /// Whatever a daemon says, a number between 0 and 1.
    static func within(_ fraction: Double) -> Double {
        fraction.isFinite ? min(max(0, fraction), 1) : 0
    }
}
