/// The condition did not come true in time.
public struct WaitedInVain: Error, CustomStringConvertible {
    public var what: String
    public var description: String { "waited in vain until \(what)" }
}

/// Returns as soon as `condition` holds.
/// - Throws: ``WaitedInVain`` at the deadline, by the real clock.
public func waitUntil(
    _ what: String, within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= deadline { throw WaitedInVain(what: what) }
        try await Task.sleep(for: .milliseconds(1))
    }
}
