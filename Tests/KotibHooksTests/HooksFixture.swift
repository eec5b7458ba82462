import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Logging

@testable import KotibCatalog
@testable import KotibHooks

/// Any time.
let noon = Date(timeIntervalSince1970: 1_800_000_000)

func inboxPath(_ bytes: [UInt8]) throws -> InboxPath {
    guard let path = InboxPath(bytes) else { throw CocoaError(.fileNoSuchFile) }
    return path
}

func event(_ kind: RecordingState = .completed, path: [UInt8] = Array("ali/a.mp3".utf8)) throws -> HookEvent {
    var facts = HookFacts(fileName: "a.mp3", fileSize: 1000, createdAt: Timestamp.text(noon))
    facts.duration = 12.5
    facts.language = "uz"
    return HookEvent(
        id: "0123456789abcdef0123456789abcdef", kind: kind, recording: RecordingID(rawValue: 7),
        user: UserID(rawValue: 3), path: try inboxPath(path), facts: facts, text: "salom",
        isTextTruncated: false, time: noon)
}

/// Answers as it is told, in order, and then that it is content.
final class ScriptedReceiver: HookReceiving {
    let name: HookReceiver
    private let answers: Shared<[HookOutcome]>
    private let told = Shared<[HookMessage]>([])
    private let rest: HookOutcome

    init(_ name: HookReceiver = .program, _ answers: [HookOutcome] = [], rest: HookOutcome = .delivered) {
        self.name = name
        self.answers = Shared(answers)
        self.rest = rest
    }

    /// The files of the events, with each attempt.
    var files: [String] { told.value.map(\.event.path.text) }
    var messages: [HookMessage] { told.value }

    func deliver(_ message: HookMessage) async -> HookOutcome {
        told.change { $0.append(message) }
        var answer = rest
        answers.change { if !$0.isEmpty { answer = $0.removeFirst() } }
        return answer
    }
}

/// A receiver that never responds.
struct SilentReceiver: HookReceiving {
    let name = HookReceiver.webhook
    let asked = Shared(0)

    func deliver(_ message: HookMessage) async -> HookOutcome {
        asked.change { $0 += 1 }
        // Sleeps until it is cancelled.
        try? await Task.sleep(for: .seconds(3600))
        return .stopped
    }
}

/// A catalog in memory, and time that stands still.
struct HooksFixture {
    let catalog: Catalog
    let clock = ManualClock(start: noon)
    let logger: Logger
    let log: LogRecorder

    init() throws {
        catalog = try Catalog(DatabaseQueue())
        (logger, log) = recordingLogger()
    }

    func dispatcher(_ receivers: [any HookReceiving]) async throws -> HookDispatcher {
        let clock = clock
        return try await HookDispatcher(
            receivers, catalog: catalog,
            time: HookDispatcher.Time(clock: clock, now: { clock.date }), logger: logger)
    }

    func refuse(_ path: String) async throws {
        _ = try await catalog.ingest.reject(
            inboxPath(Array(path.utf8)),
            identity: FileIdentity(device: 1, inode: 1, size: 10, modified: 1, changed: 1),
            rejection: .empty, message: "Empty.", now: clock.date)
    }

    /// Runs `body` beside the dispatcher, and moves the time on while `isOver` does not hold.
    func run(_ dispatcher: HookDispatcher, until what: String, _ isOver: () async throws -> Bool) async throws
    {
        let running = Task { await dispatcher.run() }
        defer { running.cancel() }
        try await waitUntil(what) {
            if try await isOver() { return true }
            if !clock.deadlines.isEmpty { clock.advance(by: .seconds(1)) }
            return false
        }
        running.cancel()
        await running.value
    }
}
