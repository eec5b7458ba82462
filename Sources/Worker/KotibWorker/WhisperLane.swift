import Glibc

/// A decoder on a thread of its own: what it is given is done one after the other, beside the other lanes.
///
/// A thread and no dispatch queue, because those of a queue come and go, and ask the system for things that
/// the sandbox refuses by then.
final class WhisperLane: Sendable {
    typealias Work = @Sendable (WhisperDecoder) -> Void

    /// Nil ends the thread.
    private let work: WhisperMailbox<Work?>

    /// - Throws: ``EngineFailure`` where memory or threads do not suffice.
    init(model: WhisperModel) throws(EngineFailure) {
        let work = WhisperMailbox<Work?>()
        self.work = work
        let ready = WhisperMailbox<EngineFailure?>()
        try Self.startThread {
            // The decoder never leaves this thread.
            let decoder: WhisperDecoder
            do throws(EngineFailure) {
                decoder = try WhisperDecoder(model: model)
            } catch {
                return ready.post(error)
            }
            ready.post(nil)
            while let next = work.take() { next(decoder) }
        }
        if let failure = ready.take() { throw failure }
    }

    deinit {
        work.post(nil)
    }

    /// Runs `work` soon and posts what it gives.
    func start<Value: Sendable>(
        postingTo mailbox: WhisperMailbox<Value>,
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
