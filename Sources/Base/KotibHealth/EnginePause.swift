/// The engine is out of service.
public struct EnginePause: Hashable, Sendable {
    /// The engine's sentence.
    public var message: String
    /// Until the next probe.
    public var remaining: Duration

    public init(message: String, remaining: Duration) {
        self.message = message
        self.remaining = remaining
    }
}
