import CCurl
import Synchronization

/// A request for the client's thread, and the exchange that receives its response.
struct HTTPTransferRequest: Sendable {
    let request: HTTPRequest
    /// Bytes of the body sent, and of all of it.
    let progress: (@Sendable (Int64, Int64) -> Void)?
    /// Ended by the thread, or by the mailbox that refuses the order.
    let exchange: HTTPExchange
}

/// The state that the callers and the thread of ``HTTPClient`` share.
final class HTTPCommandQueue: Sendable {
    /// The commands that the thread takes.
    struct Commands {
        var orders: [HTTPTransferRequest] = []
        /// Numbers of cancelled requests. Handled after ``orders``, so that no request is cancelled before it
        /// is known.
        var cancelled: [UInt64] = []
        /// Numbers of requests whose readers have room again.
        var resumed: [UInt64] = []
        var isClosed = false
    }

    private struct State {
        var mail = Commands()
        var lastNumber: UInt64 = 0
        /// Nil once the thread has ended.
        var multi: HTTPMultiHandle?
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(multi: HTTPMultiHandle) {
        state = Mutex(State(multi: multi))
    }

    func nextNumber() -> UInt64 {
        state.withLock {
            $0.lastNumber += 1
            return $0.lastNumber
        }
    }

    func post(_ order: HTTPTransferRequest) {
        let isTaken = state.withLock { state in
            guard !state.mail.isClosed else { return false }
            state.mail.orders.append(order)
            state.multi?.wakeUp()
            return true
        }
        if !isTaken { order.exchange.end(.failure(.closed)) }
    }

    /// Ends a transfer. Does nothing if it has ended already.
    func cancel(_ number: UInt64) {
        mail { $0.cancelled.append(number) }
    }

    /// Has a paused transfer go on.
    func resume(_ number: UInt64) {
        mail { $0.resumed.append(number) }
    }

    private func mail(_ add: (inout Commands) -> Void) {
        state.withLock { state in
            guard let multi = state.multi else { return }
            add(&state.mail)
            multi.wakeUp()
        }
    }

    /// Accepts no more requests and ends the thread.
    func close() {
        state.withLock {
            $0.mail.isClosed = true
            $0.multi?.wakeUp()
        }
    }

    /// Returns when the thread has ended.
    func end() async {
        await withCheckedContinuation { waiter in
            let hasEnded = state.withLock { state in
                if state.multi != nil { state.waitingForEnd.append(waiter) }
                return state.multi == nil
            }
            if hasEnded { waiter.resume() }
        }
    }

    /// Returns the commands since the last call. For the thread.
    func takeCommands() -> Commands {
        state.withLock { state in
            let mail = state.mail
            state.mail = Commands(isClosed: mail.isClosed)
            return mail
        }
    }

    /// The last call of the thread: the multi handle must not be used any more.
    func threadEnded() {
        let waiting = state.withLock { state in
            state.multi = nil
            defer { state.waitingForEnd = [] }
            return state.waitingForEnd
        }
        for waiter in waiting { waiter.resume() }
    }
}

/// libcurl's multi handle.
///
/// Unchecked, because of the pointer: curl_multi_wakeup(3) is the one call that libcurl allows from any
/// thread, and the mailbox makes it under its lock and only until ``HTTPCommandQueue/threadEnded()``; every
/// other call is the thread's own.
struct HTTPMultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    func wakeUp() {
        curl_multi_wakeup(pointer)
    }
}
