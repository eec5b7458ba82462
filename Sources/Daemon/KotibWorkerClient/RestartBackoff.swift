/// How long to wait before a worker is started again: not at all after one that had work, longer and longer
/// after those that end of themselves, so that a broken installation does not spin.
struct RestartBackoff {
    static let first = Duration.milliseconds(250)
    static let longest = Duration.seconds(30)

    private var next = first

    mutating func delay(hadWork: Bool) -> Duration {
        guard !hadWork else {
            next = Self.first
            return .zero
        }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
