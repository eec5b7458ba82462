import FoundationEssentials

/// Times as existing clients read them: ISO 8601 in UTC with milliseconds, `2026-11-23T09:15:02.417Z`.
public enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    public static func text(_ date: Date) -> String {
        date.formatted(style)
    }

    /// Nil unless it is written exactly so.
    static func date(_ text: String) -> Date? {
        try? style.parse(text)
    }
}
