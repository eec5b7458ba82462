import KotibControlClient
import KotibControlProtocol
import Synchronization

/// Follows recordings until the named ones are done: progress bars on a terminal, otherwise a line for each
/// change, or the daemon's own events.
final class Follower: Sendable {
    /// A renamed file is missing until its new name is settled, which takes the daemon a second or two
    /// (`watch.settle`).
    static let renaming: Duration = .seconds(5)

    private let session: Session
    private let client: ControlClient
    private let ids: [Int64]
    private let state: Mutex<WatchState>
    /// Nil if the output cannot be redrawn.
    private let screen: ProgressScreen?
    private let began = ContinuousClock.now
    private let saidIdle = Atomic(false)

    init(_ session: Session, _ client: ControlClient, ids: [Int64]) {
        self.session = session
        self.client = client
        self.ids = ids
        state = Mutex(WatchState(ids: ids))
        screen = session.json ? nil : ProgressScreen(session.output, environment: session.environment)
    }

    func follow() async throws {
        if let screen {
            try await screen.during(read)
        } else {
            try await read()
        }
        let (isSuccess, gone) = state.withLock { ($0.isSuccess, $0.goneIDs) }
        guard isSuccess else { throw SilentExit(exit: gone.isEmpty ? .failed : .notFound) }
    }

    private func read() async throws {
        try await client.events(lost: tellLost, connected: list) { event, raw in
            if self.session.json, self.ids.isEmpty || self.ids.contains(event.recording ?? -1) {
                try await self.line(raw.name, raw.data)
            }
            if case .reset = event { return try await self.list() }
            try await self.tell(self.state.withLock { $0.apply(event) })
            return try await self.shouldContinue()
        }
    }

    private func tellLost(_ error: ControlError) async {
        let sentence = session.sentence(error) + session.text(.tryingAgain)
        guard let screen else { return await session.printError(sentence) }
        screen.stay("kotibctl: " + Terminal.safe(sentence))
    }

    /// The current state.
    private func list() async throws -> Bool {
        var seen: Set<Int64> = []
        if ids.isEmpty {
            var query = [("status", "pending,processing"), ("limit", "1000")]
            while true {
                let page = try await client.recordings(query).body
                for record in page.items {
                    seen.insert(record.id)
                    try await tell(state.withLock { $0.apply(record) })
                }
                guard let next = page.next else { break }
                query = [("status", "pending,processing"), ("limit", "1000"), ("before", String(next))]
            }
        }
        // The recordings that were named, and those that ended while nobody listened.
        let others = ids.isEmpty ? state.withLock(\.waitingIDs) : ids
        for id in others where !seen.contains(id) { try await look(at: id) }
        if ids.isEmpty, state.withLock(\.counts.all) == 0 { sayIdle() }
        return try await shouldContinue()
    }

    /// Once, so that a person who sees nothing knows why.
    private func sayIdle() {
        guard let screen, !saidIdle.exchange(true, ordering: .relaxed) else { return }
        screen.stay(session.text(.watchIdle))
    }

    private func look(at id: Int64) async throws {
        let isKnown = state.withLock { $0.waitingIDs.contains(id) || $0.goneIDs.contains(id) }
        do {
            let answer = try await client.recording(id)
            if session.json, !ids.isEmpty {
                try await line("recording", String(decoding: answer.json, as: UTF8.self))
            }
            try await tell(state.withLock { $0.apply(answer.body) })
        } catch ControlError.refused(404, _, _) where isKnown {
            try await tell(state.withLock { $0.lose(id) })
        }
    }

    private func shouldContinue() async throws -> Bool {
        if draw() { return true }
        let gone = state.withLock(\.goneIDs)
        guard !gone.isEmpty else { return false }
        try await Task.sleep(for: Self.renaming)
        for id in gone { try await look(at: id) }
        return draw()
    }

    /// - Returns: whether there is still something to wait for.
    private func draw() -> Bool {
        let (counts, lines, overall, isOver) = state.withLock { state in
            let name = session.text(.watchCounts(done: state.counts.done, all: state.counts.all))
            let elapsed = (ContinuousClock.now - began) / .seconds(1)
            return (state.counts, state.lines, state.overall(named: name, elapsed: elapsed), state.isOver)
        }
        screen?.set(lines, overall: counts.all > 0 ? overall : nil)
        return !isOver
    }

    private func line(_ name: String, _ json: String) async throws {
        try await session.show(
            json: Array("{\"event\":\"\(name)\",\"data\":".utf8) + Array(json.utf8) + Array("}".utf8))
    }

    private func tell(_ news: WatchState.Update?) async throws {
        guard let news, !session.json else { return }
        guard case .status(let status) = news.what else {
            if case .percent(let percent) = news.what, screen == nil {
                try await session.output.line("\(news.id) \(Terminal.safe(news.path)) \(percent)%")
            }
            return
        }
        var style: Terminal.Style?
        var reason = ""
        switch status {
        case "completed": style = .green
        case "failed", "rejected":
            style = .red
            reason = try await client.recording(news.id).body.errorMessage.map { ": " + $0 } ?? ""
        case WatchState.deleted, WatchState.gone: style = .yellow
        default: if screen != nil { return }
        }
        let word = session.output.styled(session.text(.watched(status: status)), style)
        let line = "\(news.id) \(Terminal.safe(news.path)) \(word)\(Terminal.safe(reason))"
        if let screen { screen.stay(line) } else { try await session.output.line(line) }
    }
}

extension ControlEvent {
    fileprivate var recording: Int64? {
        switch self {
        case .changed(let body), .edited(let body), .deleted(let body): body.id
        case .progress(let body): body.id
        case .reset: nil
        }
    }
}
