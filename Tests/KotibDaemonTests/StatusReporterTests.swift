import Testing

@testable import KotibDaemon

@Suite struct StatusReporterTests {
    @Test func theWatchdogIsFedTwiceInItsTime() {
        #expect(StatusReporter.interval(under: .milliseconds(600)) == .milliseconds(300))
        #expect(StatusReporter.interval(under: .seconds(60)) == .seconds(10))
        #expect(StatusReporter.interval(under: nil) == .seconds(10))
    }
}
