import Glibc

/// A decoder on a thread of its own that performs its work in sequence, beside the other lanes.
///
/// A thread and no dispatch queue, because those of a queue come and go and ask the system for things that
/// the sandbox refuses by then.
final class WhisperLane: Sendable {
    typealias Work = @Sendable (WhisperDecoder) -> Void

    /// Nil ends the thread.
    private let work: BlockingQueue<Work?>

    /// - Throws: ``EngineFailure`` where memory or threads do not suffice.
    init(model: WhisperModel) throws(EngineFailure) {
        let work = BlockingQueue<Work?>()
        self.work = work
        let ready = BlockingQueue<EngineFailure?>()
        try Self.startThread {
            // The decoder never leaves this thread.
            let decoder: WhisperDecoder
            do throws(EngineFailure) {
                decoder = try WhisperDecoder(model: model)
            } catch {
                return ready.post(error)
            }
            ready.post(nil)
            while let next = work.pop() { next(decoder) }
        }
        if let failure = ready.pop() { throw failure }
    }

    deinit {
        work.post(nil)
    }

    /// Runs `work` soon and posts what it gives.
    func start<Value: Sendable>(
        postingTo mailbox: BlockingQueue<Value>,
        _ work: @escaping @Sendable (WhisperDecoder) -> Value
    ) {
        self.work.post { mailbox.post(work($0)) }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private static func startThread(_ run: @escaping @Sendable () -> Void) throws(EngineFailure) {
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            throw EngineFailure(message: "cannot start a thread: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }
}
