import Dispatch
import Glibc
import KotibPOSIX
import KotibWorkerProtocol
import Synchronization

/// The daemon's end of the connection to one worker. Replies are read on a queue of its own and passed on at
/// once; no thread of the cooperative pool ever blocks.
final class WorkerSession: Sendable {
    typealias Outcome = Result<WorkerReply?, WorkerError>

    private struct State {
        var conversation: WorkerProtocolState
        var ready: WorkerReady?
        var report: (@Sendable (WorkerReply) -> Void)?
        /// The caller of the current request.
        var caller: CheckedContinuation<Outcome, Never>?
        /// Whether any request was written, so that a crash may be its fault.
        var hadWork = false
        /// Whether the request could not be written, so that it is not the cause of the end.
        var isUnsent = false
        /// Nothing more will be read.
        var isOver = false
        /// The reason why the daemon closed the connection, if it did.
        var verdict: WorkerError?
        /// Set once the process has ended: the error of all requests from then on.
        var conclusion: WorkerError?
    }

    /// Signals that a reply is expected, so that timeouts apply from now on.
    let owed: AsyncStream<Void>
    private let isReplyExpected: AsyncStream<Void>.Continuation
    private let over: AsyncStream<Never>
    private let isOver: AsyncStream<Never>.Continuation
    private let socket: PacketSocket
    private let elapsed: @Sendable () -> Duration
    private let whenReady: @Sendable (WorkerSession) -> Void
    private let state: Mutex<State>

    /// - Parameter whenReady: called once, when the worker takes requests.
    init(
        socket: PacketSocket, limits: WorkerLimits, elapsed: @escaping @Sendable () -> Duration,
        whenReady: @escaping @Sendable (WorkerSession) -> Void
    ) {
        self.socket = socket
        self.elapsed = elapsed
        self.whenReady = whenReady
        state = Mutex(State(conversation: WorkerProtocolState(limits: limits)))
        (owed, isReplyExpected) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (over, isOver) = AsyncStream.makeStream()
        isReplyExpected.yield()
    }

    /// Reads until the connection ends, for whatever reason.
    func run() async {
        let source = DispatchSource.makeReadSource(
            fileDescriptor: socket.descriptor, queue: DispatchQueue(label: "kotib.worker"))
        source.setEventHandler { self.read() }
        // The descriptor must stay open until the source has let go of it (dispatch_source_create(3)).
        source.setCancelHandler { withExtendedLifetime(self) {} }
        source.activate()
        await withTaskCancellationHandler {
            // A task that is cancelled still waits for the end that `close` brings, so that nothing is
            // reported afterwards.
            await Task { for await _ in over {} }.value
        } onCancel: {
            close()
        }
        source.cancel()
    }

    /// The worker's ready message. Nil before it came.
    var ready: WorkerReady? { state.withLock { $0.ready } }
    var isOpen: Bool { state.withLock { !$0.isOver && $0.verdict == nil } }
    var verdict: WorkerError? { state.withLock { $0.verdict } }
    /// Whether it was given any request.
    var hadWork: Bool { state.withLock { $0.hadWork } }
    var watchInterval: Duration { state.withLock { $0.conversation.watchInterval } }

    /// Ends the connection: the worker sees the end of its input, and ``run()`` that of its own.
    func close() {
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    /// Closes the connection because of `verdict`. The first verdict counts.
    func disconnect(_ verdict: WorkerError) {
        state.withLock { $0.verdict = $0.verdict ?? verdict }
        close()
    }

    /// Nil if no timeout applies; otherwise the reason to kill the worker, if any.
    func check() -> WorkerError?? {
        let now = elapsed()
        return state.withLock { state in
            state.conversation.isReplyExpected && !state.isOver
                ? .some(state.conversation.overdue(at: now)) : nil
        }
    }

    /// Records the end of the process: present and future callers get the error.
    func markExited(_ error: WorkerError) {
        let (caller, answer): (CheckedContinuation<Outcome, Never>?, Outcome) = state.withLock { state in
            state.conclusion = error
            state.report = nil
            defer { state.caller = nil }
            if state.conversation.isCancelled { return (state.caller, .failure(.cancelled)) }
            return (state.caller, state.isUnsent ? .success(nil) : .failure(error))
        }
        isReplyExpected.finish()
        caller?.resume(returning: answer)
    }
}

// MARK: Requests

extension WorkerSession {
    /// Performs one request.
    /// - Returns: the last reply; nil if the worker is busy or has ended and never got the request.
    func perform(
        _ request: (UInt64) -> WorkerRequest, passing files: [OpenFile], deadline: Duration?,
        report: @escaping @Sendable (WorkerReply) -> Void
    ) async throws(WorkerError) -> WorkerReply? {
        let now = elapsed()
        let id = state.withLock { state in
            state.isOver ? nil : state.conversation.begin(deadline: deadline, at: now)
        }
        guard let id else { return nil }
        isReplyExpected.yield()
        let message = request(id)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { send(message, id, passing: files, report: report, caller: $0) }
        } onCancel: {
            cancel(id)
        }
        return try outcome.get()
    }

    private func send(
        _ request: WorkerRequest, _ id: UInt64, passing files: [OpenFile],
        report: @escaping @Sendable (WorkerReply) -> Void, caller: CheckedContinuation<Outcome, Never>
    ) {
        let answer: Outcome? = state.withLock { state in
            if state.conclusion != nil { return .success(nil) }
            guard state.conversation.send(id) else { return .failure(.cancelled) }
            state.caller = caller
            state.report = report
            do {
                try write(request, passing: files)
                state.hadWork = true
            } catch {
                state.isUnsent = true
                state.verdict =
                    state.verdict ?? .protocolViolation(detail: "the request cannot be sent: \(error)")
            }
            return nil
        }
        if let answer { return caller.resume(returning: answer) }
        if !isOpen { close() }
    }

    private func cancel(_ id: UInt64) {
        let now = elapsed()
        state.withLock { state in
            guard state.conversation.cancel(id, at: now) else { return }
            // If it cannot be written the worker is gone or stuck, and the watch ends it after the grace.
            try? write(.cancel(request: id))
        }
    }

    /// One request and one `cancel` always fit into the socket's buffer (``PacketSocket/longestPacket``).
    private func write(_ request: WorkerRequest, passing files: [OpenFile] = []) throws {
        try withExtendedLifetime(files) {
            try socket.send(WorkerCoding.encode(request), passing: files.map(\.descriptor))
        }
    }
}

// MARK: Replies

extension WorkerSession {
    /// All that is there: once the worker has hung up, the source does not call again for what is left.
    private func read() {
        guard !state.withLock({ $0.isOver }) else { return }
        do throws(WorkerError) {
            while let packet = try receive() {
                guard let packet else { return }
                try hear(packet)
            }
        } catch {
            disconnect(error)
        }
        finish()
    }

    /// - Returns: nil at the end, `.some(nil)` where there was nothing to read after all.
    private func receive() throws(WorkerError) -> [UInt8]?? {
        do throws(SystemError) {
            guard let packet = try socket.receive() else { return nil }
            return packet.bytes
        } catch {
            switch error.code {
            case EAGAIN: return .some(nil)
            case ECONNRESET: return nil
            case EMSGSIZE:
                throw .protocolViolation(detail: "a reply of more than \(PacketSocket.longestPacket) bytes")
            default: throw .protocolViolation(detail: "\(error)")
            }
        }
    }

    private func hear(_ packet: [UInt8]) throws(WorkerError) {
        let reply = try Self.reply(from: packet)
        let now = elapsed()
        let heard = try state.withLock { state throws(WorkerError) in
            let step = try state.conversation.receive(reply, at: now)
            if case .ready(let ready) = step { state.ready = ready }
            let (report, caller) = (state.report, state.caller)
            if step == .answer { (state.report, state.caller) = (nil, nil) }
            return (step: step, report: report, caller: caller)
        }
        switch heard.step {
        case .ready: whenReady(self)
        case .progress: heard.report?(reply)
        case .answer: heard.caller?.resume(returning: reply.outcome)
        case .late: break
        }
    }

    private static func reply(from packet: [UInt8]) throws(WorkerError) -> WorkerReply {
        do {
            return try WorkerCoding.reply(from: packet)
        } catch let error as OutOfBounds {
            throw .protocolViolation(detail: "\(error.field) is out of bounds")
        } catch {
            throw .protocolViolation(detail: "a reply that is none")
        }
    }

    private func finish() {
        state.withLock { $0.isOver = true }
        isOver.finish()
    }
}

extension WorkerReply {
    fileprivate var outcome: WorkerSession.Outcome {
        if case .cancelled = self { .failure(.cancelled) } else { .success(self) }
    }
}
