import Foundation

/// A failure of a test, with the daemon's log.
public struct DaemonTestFailure: Error, CustomStringConvertible {
    public var description: String
}

extension DaemonFixture {
    /// Waits until `condition` gives a value.
    ///
    /// - Parameter limit: generous, as it passes only where the test fails.
    /// - Throws: ``DaemonTestFailure`` with the log at the deadline, or at once where the daemon ended by
    ///   itself.
    public func eventually<Value>(
        _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Value?
    ) async throws -> Value {
        let start = ContinuousClock.now
        var pause = Duration.milliseconds(5)
        while true {
            let end = unexpectedEnd
            if let value = try await condition() { return value }
            if let end { throw testFailure("kotibd ended by itself (\(end)) before \(what).") }
            guard ContinuousClock.now - start < limit else {
                throw testFailure("Waited \(limit) in vain until \(what).")
            }
            try await Task.sleep(for: pause)
            // Looking often costs the engine its cores.
            pause = min(pause * 1.5, .milliseconds(100))
        }
    }

    /// Like ``eventually(_:within:_:)``, for a condition.
    public func wait(
        until what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
    ) async throws {
        try await eventually(what, within: limit) { try await condition() ? () : nil }
    }

    /// Lets time pass where time itself is what a test puts in: pauses of a slow writer, the moment of a
    /// crash.
    public func elapse(_ time: Duration) async throws {
        let start = ContinuousClock.now
        try await wait(until: "\(time) have passed", within: time + .seconds(60)) {
            ContinuousClock.now - start >= time
        }
    }

    /// An error that shows the log.
    public func testFailure(_ sentence: String) -> DaemonTestFailure {
        DaemonTestFailure(description: sentence + "\n" + story)
    }

    /// The inbox's content and the daemon's log, for the message of a failed test.
    public var story: String {
        let files = (try? FileManager.default.subpathsOfDirectory(atPath: inbox).sorted()) ?? []
        let lines = log.lines.suffix(80)
        return """
            The inbox holds: \(files.isEmpty ? "nothing" : files.prefix(60).joined(separator: ", "))
            kotibd's log (last \(lines.count) of \(log.lines.count) lines):
            \(lines.joined(separator: "\n"))
            """
    }
}
