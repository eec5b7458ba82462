import Synchronization

/// Shows the progress of an upload on standard error, if that is a terminal.
final class UploadProgress: Sendable {
    private let name: String
    private let size: Int64
    private let screen: ProgressScreen?
    private let began = ContinuousClock.now

    init(name: String, size: Int64, session: Session) {
        self.name = name
        self.size = size
        screen = ProgressScreen(session.errors, environment: session.environment)
    }

    /// Runs `work`, which reports the bytes sent so far. The progress is erased in the end.
    func during<Value: Sendable>(
        _ work: @escaping @Sendable (@escaping @Sendable (Int64) -> Void) async throws -> Value
    ) async throws -> Value {
        guard let screen else { return try await work { _ in } }
        screen.set([line(0)])
        let result = Mutex<Value?>(nil)
        try await screen.during {
            defer { screen.set([]) }
            let value = try await work { screen.set([self.line($0)]) }
            result.withLock { $0 = value }
        }
        guard let value = result.withLock(\.self) else { throw CancellationError() }
        return value
    }

    private func line(_ sent: Int64) -> ProgressLine {
        let elapsed = (ContinuousClock.now - began) / .seconds(1)
        let fraction = size > 0 ? Double(sent) / Double(size) : 1
        return ProgressLine(
            name: name, fraction: fraction, remaining: fraction > 0 ? elapsed / fraction - elapsed : nil)
    }
}
