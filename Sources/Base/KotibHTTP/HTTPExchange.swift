import Synchronization

/// One response on its way from the client's thread to its one reader.
///
/// The bytes that wait for the reader are bounded: beyond ``bufferSize`` bytes the transfer is paused, and
/// with it, by the kernel's buffers, the server.
final class HTTPExchange: Sendable {
    /// Bytes. libcurl hands over at most 16 KiB at a time (CURL_MAX_WRITE_SIZE).
    static let bufferSize = 256 << 10

    private struct State {
        var head: HTTPResponse?
        var buffer: [UInt8] = []
        /// Whether the transfer is paused until the reader has room.
        var isPaused = false
        var end: Result<Void, HTTPError>?
        /// Whether something has arrived since the reader last looked.
        var hasUpdate = false
        var reader: CheckedContinuation<Void, Never>?
    }

    let number: UInt64
    private let mailbox: HTTPCommandQueue
    private let state = Mutex(State())

    init(_ mailbox: HTTPCommandQueue) {
        number = mailbox.nextNumber()
        self.mailbox = mailbox
    }
}

// MARK: For the thread

extension HTTPExchange {
    func receive(_ head: HTTPResponse) {
        change { $0.head = head }
    }

    /// - Returns: false where there is no room: the same bytes must be given again after
    ///   ``HTTPCommandQueue/resume(_:)``.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isTaken = false
        change { state in
            isTaken = state.buffer.isEmpty || state.buffer.count + bytes.count <= Self.bufferSize
            state.isPaused = !isTaken
            if isTaken { state.buffer.append(contentsOf: bytes) }
        }
        return isTaken
    }

    /// Ends the exchange once the thread has released the transfer. Bytes that arrived before a failure can
    /// still be read.
    func end(_ result: Result<Void, HTTPError>) {
        change { state in
            if state.end == nil { state.end = result }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let reader = state.withLock { state in
            body(&state)
            state.hasUpdate = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }
}

// MARK: For the reader

extension HTTPExchange {
    /// Waits for status and headers. A cancelled task ends the transfer.
    func head() async throws(HTTPError) -> HTTPResponse {
        let result: Result<HTTPResponse, HTTPError> = await untilCancelled {
            await self.first { state in
                if let head = state.head { return .success(head) }
                guard case .failure(let error) = state.end else { return nil }
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Waits for more of the body; nil at its end. A cancelled task ends the transfer.
    func next() async throws(HTTPError) -> [UInt8]? {
        let (result, hasWaited): (Result<[UInt8]?, HTTPError>, Bool) = await untilCancelled {
            await self.first { state in
                guard state.buffer.isEmpty else {
                    defer {
                        state.buffer = []
                        state.isPaused = false
                    }
                    return (.success(state.buffer), state.isPaused)
                }
                switch state.end {
                case .success: return (.success(nil), false)
                case .failure(let error): return (.failure(error), false)
                case nil: return nil
                }
            }
        }
        if hasWaited { mailbox.resume(number) }
        return try result.get()
    }

    /// Ends a transfer that is still under way, and returns when it has ended.
    func close() async {
        if state.withLock({ $0.end == nil }) { mailbox.cancel(number) }
        await first { $0.end == nil ? nil : () }
    }

    private func untilCancelled<Value: Sendable>(_ body: @Sendable () async -> Value) async -> Value {
        await withTaskCancellationHandler {
            await body()
        } onCancel: {
            mailbox.cancel(number)
        }
    }

    /// The first that `look` finds.
    private func first<Value: Sendable>(_ look: @Sendable (inout State) -> Value?) async -> Value {
        while true {
            let found = state.withLock { state in
                state.hasUpdate = false
                return look(&state)
            }
            if let found { return found }
            await withCheckedContinuation { reader in
                let hasUpdate = state.withLock { state in
                    if !state.hasUpdate { state.reader = reader }
                    return state.hasUpdate
                }
                if hasUpdate { reader.resume() }
            }
        }
    }
}
