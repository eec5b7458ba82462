import CCurl
import FoundationEssentials

/// The delay that a server asks for (RFC 9110, 10.2.3).
public enum RetryAfter {
    /// The longest delay that is honoured. A longer one is cut to this.
    public static let longest = Duration.seconds(3600)

    /// The delay that the response asks for, between 0 and ``longest``. Nil without one, or if it cannot be
    /// read.
    ///
    /// `retry-after-ms` goes first, as in OpenAI's own clients. A date is measured against the server's own
    /// `Date`, where it gives one, for one of the two clocks may be wrong.
    public static func delay(asked response: HTTPResponse, now: Date) -> Duration? {
        if let milliseconds = response.header("retry-after-ms").flatMap(number) {
            return bounded(milliseconds / 1000)
        }
        guard let value = response.header("retry-after") else { return nil }
        if let seconds = number(value) { return bounded(seconds) }
        guard let date = date(value) else { return nil }
        let from = response.header("date").flatMap(self.date) ?? now
        return bounded(date.timeIntervalSince(from))
    }

    /// Digits, with a decimal point at most: no sign, exponent, "inf" or "0x".
    private static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }) else {
            return nil
        }
        return Double(text)
    }

    /// Any of the three forms of RFC 9110, 5.6.7, by curl_getdate(3).
    private static func date(_ text: String) -> Date? {
        let seconds = curl_getdate(text, nil)
        return seconds < 0 ? nil : Date(timeIntervalSince1970: Double(seconds))
    }

    private static func bounded(_ seconds: Double) -> Duration {
        .milliseconds(Int64(min(max(seconds, 0), Double(longest.components.seconds)) * 1000))
    }
}
