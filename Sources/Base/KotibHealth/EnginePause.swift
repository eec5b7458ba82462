import KotibText

/// The engine is out of service.
public struct EnginePause: Hashable, Sendable {
    /// The engine's sentence.
    public var message: Sentence
    /// Until the next probe.
    public var remaining: Duration

    public init(message: Sentence, remaining: Duration) {
        self.message = message
        self.remaining = remaining
    }
}
