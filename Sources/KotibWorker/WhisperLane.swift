import Dispatch

/// A decoder with a queue of its own: what it is given is done one after the other, beside the other lanes.
///
/// Sendable because `decoder` is only touched by work on `queue`, which is serial.
final class WhisperLane: @unchecked Sendable {
    private let decoder: WhisperDecoder
    private let queue: DispatchQueue

    init(_ index: Int, model: WhisperModel) throws(EngineFailure) {
        decoder = try WhisperDecoder(model: model)
        queue = DispatchQueue(label: "whisper.\(index)")
    }

    /// Runs `work` soon and posts what it gives.
    func start<Value: Sendable>(
        postingTo mailbox: WhisperMailbox<Value>,
        _ work: @escaping @Sendable (WhisperDecoder) -> Value
    ) {
        queue.async { mailbox.post(work(self.decoder)) }
    }
}
