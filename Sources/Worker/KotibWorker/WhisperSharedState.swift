import Synchronization

/// State that a transcription shares with its threads.
final class WhisperSharedState: Sendable {
    private let cancelled = Atomic(false)
    private let steps = Atomic(0)

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Steps of real work since the start: an encoded window, a decoded token.
    var stepsDone: Int { steps.load(ordering: .relaxed) }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }

    func step() {
        steps.add(1, ordering: .relaxed)
    }
}
