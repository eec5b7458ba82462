import KotibControlProtocol
import KotibHTTP

extension ControlClient {
    /// Hands every event to `each` until that returns false. A broken connection is made again and resumed,
    /// after a growing delay (``Backoff``) or the one that the daemon asks for. The first connection is not
    /// retried. Ends with a permanent refusal (such as a revoked token) and with errors of `connected` and
    /// `each`. `connected` is called whenever the stream is open, before its first event; `lost` once for
    /// each time that it cannot be opened again at once.
    public func events(
        sleep: (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        lost: (ControlError) async -> Void = { _ in },
        connected: () async throws -> Bool,
        each: (ControlEvent, _ raw: ServerEvent) async throws -> Bool
    ) async throws {
        var lastID: String?
        var backoff = Backoff()
        var everConnected = false
        var isLost = false
        while true {
            // Apart from what `send` throws: only that is tried again.
            let outcome: Result<Bool, any Error>
            do {
                let resume = lastID.map { [("Last-Event-ID", $0)] } ?? []
                outcome = try await send(
                    .get, "events", headers: [("Accept", "text/event-stream")] + resume
                ) { answer in
                    everConnected = true
                    isLost = false
                    do {
                        guard try await connected() else { return .success(false) }
                        // A fresh parser: half an event of the connection before is no event.
                        var parser = EventParser()
                        while let piece = try await nextPiece(answer) {
                            backoff = Backoff()
                            for raw in parser.read(piece) {
                                lastID = raw.id ?? lastID
                                guard let event = try ControlEvent(raw) else { continue }
                                guard try await each(event, raw) else { return .success(false) }
                            }
                        }
                        return .success(true)
                    } catch {
                        return .failure(error)
                    }
                }
            } catch let error as ControlError where everConnected && error.isPassing {
                if !isLost { await lost(error) }
                isLost = true
                try await sleep(backoff.next(retryAfter: error.retryAfter))
                continue
            }
            guard try outcome.get() else { return }
            try await sleep(backoff.next(retryAfter: nil))
        }
    }

    /// Nil where the connection ended, well or not, or where the daemon sends no pings any more.
    private func nextPiece(_ answer: HTTPResponseStream) async throws -> [UInt8]? {
        do {
            return try await next(answer)
        } catch ControlError.interrupted {
            return nil
        } catch ControlError.timedOut {
            return nil
        }
    }
}

/// The delay before the next connection.
struct Backoff {
    static let first: Duration = .seconds(1)
    static let longest: Duration = .seconds(30)

    private var wait = Backoff.first

    /// `told`: the seconds of Retry-After, which count if they are longer, up to ten minutes.
    mutating func next(retryAfter: Int?) -> Duration {
        defer { wait = min(wait * 2, Self.longest) }
        return max(wait, .seconds(min(retryAfter ?? 0, 600)))
    }
}

extension ControlError {
    /// The daemon restarts or is busy.
    fileprivate var isPassing: Bool {
        switch self {
        case .unreachable, .timedOut, .interrupted: true
        case .refused(let status, _, _): status == 429 || status == 503
        case .connectionDenied, .unreadable, .unreadableFile, .requestTooLong: false
        }
    }

    fileprivate var retryAfter: Int? {
        if case .refused(_, _, let seconds) = self { seconds } else { nil }
    }
}
