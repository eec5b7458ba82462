import KotibControlProtocol
import KotibHTTP

extension ControlClient {
    /// Hands every event to `each` until that returns false. A connection that ends is begun anew where it
    /// ended, later each time that it fails (``Backoff``) or when the daemon says. The first connection is
    /// not tried again. Ends with an answer that says no for good (a token that was revoked, say) and with
    /// what `connected` and `each` throw. `connected` is called whenever the stream stands, before its first
    /// event.
    public func events(
        sleep: (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        connected: () async throws -> Bool,
        each: (ControlEvent, _ raw: ServerEvent) async throws -> Bool
    ) async throws {
        var lastID: String?
        var backoff = Backoff()
        var everConnected = false
        while true {
            // Apart from what `send` throws: only that is tried again.
            let outcome: Result<Bool, any Error>
            do {
                let resume = lastID.map { [("Last-Event-ID", $0)] } ?? []
                outcome = try await send(
                    .get, "events", headers: [("Accept", "text/event-stream")] + resume
                ) { answer in
                    everConnected = true
                    do {
                        guard try await connected() else { return .success(false) }
                        // A fresh parser: half an event of the connection before is no event.
                        var parser = EventParser()
                        while let piece = try await Self.nextPiece(answer) {
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
                try await sleep(backoff.next(told: error.retryAfter))
                continue
            }
            guard try outcome.get() else { return }
            try await sleep(backoff.next(told: nil))
        }
    }

    /// Nil where the connection ended, well or not.
    private static func nextPiece(_ answer: HTTPResponseStream) async throws -> [UInt8]? {
        do {
            return try await next(answer)
        } catch ControlError.interrupted {
            return nil
        }
    }
}

/// How long to wait before the next attempt.
struct Backoff {
    static let first: Duration = .seconds(1)
    static let longest: Duration = .seconds(30)

    private var wait = Backoff.first

    /// `told`: the seconds of a Retry-After, which counts where it is longer, up to ten minutes.
    mutating func next(told: Int?) -> Duration {
        defer { wait = min(wait * 2, Self.longest) }
        return max(wait, .seconds(min(told ?? 0, 600)))
    }
}

extension ControlError {
    /// A daemon that restarts or is busy.
    fileprivate var isPassing: Bool {
        switch self {
        case .unreachable, .timedOut, .interrupted: true
        case .refused(let status, _, _): status == 429 || status == 503
        case .unreadable, .unreadableFile: false
        }
    }

    fileprivate var retryAfter: Int? {
        if case .refused(_, _, let seconds) = self { seconds } else { nil }
    }
}
