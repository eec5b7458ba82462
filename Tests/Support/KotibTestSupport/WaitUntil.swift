/// Waits for `condition` to come true.
///
/// - Parameter deadline: from now on; generous, as it passes only when the test fails.
/// - Returns: whether it came true in time: `#expect(await waitUntil { … })`.
public func waitUntil(
    deadline: Duration = .seconds(60), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + deadline
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return try await condition()
}

/// The condition did not come true in time.
public struct WaitTimeout: Error, CustomStringConvertible {
    public var what: String
    public var description: String { "waited in vain until \(what)" }
}

/// Returns as soon as `condition` holds.
/// - Throws: ``WaitTimeout`` at the deadline, by the real clock.
public func waitUntil(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    guard try await waitUntil(deadline: limit, condition) else { throw WaitTimeout(what: what) }
}
