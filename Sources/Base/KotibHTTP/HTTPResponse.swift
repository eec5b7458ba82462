import CCurl
import FoundationEssentials

/// A server's response, whatever the status.
public struct HTTPResponse: Sendable {
    public var status: Int
    /// In the order in which they came; without trailers and without those of interim (1xx) answers.
    var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// Whether the protocol delimits the body. If not (RFC 9112, 6.3, last rule), a truncated body looks
    /// complete.
    public var isDelimited: Bool

    /// The first header of that name, in any case of letters.
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }

    /// The media type without parameters, in lower case: `application/json`.
    public var mediaType: String? {
        header("content-type").map { value in
            let type = value.prefix { $0 != ";" }.lowercased()
            return String(type.filter { $0 != " " && $0 != "\t" })
        }
    }
}

/// A response that is read while it arrives. Has one reader.
public struct HTTPResponseStream: Sendable {
    /// Status and headers; its body is empty.
    public let head: HTTPResponse
    let exchange: HTTPExchange

    /// The next bytes of the body; nil at its end. A slow reader slows down the server: at most 256 KiB are
    /// buffered.
    public func next() async throws(HTTPError) -> [UInt8]? {
        try await exchange.next()
    }

    /// The whole rest of the body.
    /// - Throws: ``HTTPError/tooLarge(limit:)`` where that is longer than `limit` bytes.
    public func collect(upTo limit: Int) async throws(HTTPError) -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try await next() {
            guard bytes.count <= limit - body.count else { throw .tooLarge(limit: limit) }
            body += bytes
        }
        return body
    }
}

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
