import Foundation
import Testing

@testable import KotibHTTP

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
    private let now = Date(timeIntervalSince1970: 784_111_777)

    private func delay(_ headers: (String, String)...) -> Duration? {
        let headers = headers.map { (name: $0.0, value: $0.1) }
        let response = HTTPResponse(status: 429, headers: headers, body: [], isDelimited: true)
        return RetryAfter.delay(asked: response, now: now)
    }

    @Test(arguments: [
        ("0", 0.0), ("20", 20), ("1.5", 1.5), ("3600", 3600), ("3601", 3600), ("1000000000", 3600),
    ])
    func secondsAreHonouredUpToAnHour(text: String, seconds: Double) {
        #expect(delay(("Retry-After", text)) == .seconds(seconds))
    }

    @Test func manyDigitsAreAnHour() {
        #expect(delay(("Retry-After", String(repeating: "9", count: 500))) == .seconds(3600))
    }

    @Test(arguments: [
        "", ".", "soon", "-5", "1e9", "inf", "nan", "0x10", "+3", "1,5", "12 34", "Mon", "GMT", "٣",
    ])
    func rubbishIsIgnored(text: String) {
        #expect(delay(("Retry-After", text)) == nil)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994",
    ])
    func datesOfAllFormsAreHonoured(text: String) {
        #expect(delay(("Retry-After", text)) == .seconds(60))
    }

    @Test func datesArePastOrBounded() {
        #expect(delay(("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT")) == .zero)
        #expect(delay(("Retry-After", "Sun, 06 Nov 2044 08:00:00 GMT")) == .seconds(3600))
    }

    @Test func aDateIsMeasuredByTheServersOwnClock() {
        let asked = ("Retry-After", "Tue, 01 Jan 2030 00:00:30 GMT")
        #expect(delay(("Date", "Tue, 01 Jan 2030 00:00:00 GMT"), asked) == .seconds(30))
    }

    @Test func millisecondsGoFirstUnlessTheyAreRubbish() {
        #expect(delay(("Retry-After", "9"), ("retry-after-ms", "1500")) == .milliseconds(1500))
        #expect(delay(("Retry-After", "9"), ("Retry-After-Ms", "x")) == .seconds(9))
        #expect(delay() == nil)
    }
}
