import FoundationEssentials

/// Times as the seed's clients read them: ISO 8601 in UTC with milliseconds, `2026-11-23T09:15:02.417Z`.
enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String {
        date.formatted(style)
    }

    static func date(_ text: String) -> Date? {
        try? style.parse(text)
    }
}
