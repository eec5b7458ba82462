import Foundation
import Synchronization

/// One line of the daemon's log, as it writes it with `log.format = "json"`.
public struct DaemonEvent: Sendable {
    public var message: String
    /// All members of the line, including `time`, `level` and `msg`.
    public var fields: [String: String]

    public init(_ message: String, _ fields: [String: String]) {
        self.message = message
        self.fields = fields
    }

    public subscript(name: String) -> String? { fields[name] }
}

/// The messages that tests look for.
public enum DaemonMessage {
    public static let accepted = "recording accepted"
    public static let refused = "recording refused"
    public static let transcribed = "transcribed"
    public static let retry = "retrying"
    public static let failed = "transcription failed"
    public static let paused = "engine paused"
    public static let resumed = "engine resumed"
    public static let stopped = "stopped"
}

/// The file that holds standard error of all the daemon's lives, read as it grows.
final class DaemonLog: Sendable {
    let path: String
    private let state = Mutex(State())

    fileprivate struct State {
        var offset: UInt64 = 0
        var unread: [UInt8] = []
        var lines: [String] = []
        var events: [DaemonEvent] = []
        var lifeStart = 0
    }

    init(path: String) { self.path = path }

    var lines: [String] { read { $0.lines } }
    var events: [DaemonEvent] { read { $0.events } }
    var eventsSinceStart: [DaemonEvent] { read { Array($0.events[$0.lifeStart...]) } }

    func beginLife() { read { $0.lifeStart = $0.events.count } }

    @discardableResult
    private func read<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        state.withLock { state in
            if let file = FileHandle(forReadingAtPath: path) {
                defer { try? file.close() }
                if (try? file.seek(toOffset: state.offset)) != nil, let data = try? file.readToEnd() {
                    state.add(data)
                }
            }
            return body(&state)
        }
    }
}

extension DaemonLog.State {
    fileprivate mutating func add(_ data: Data) {
        offset += UInt64(data.count)
        unread += data
        while let newline = unread.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(unread[..<newline])
            unread.removeSubrange(...newline)
            lines.append(String(decoding: line, as: UTF8.self))
            // A line that is not JSON (a crash, say) is kept in `lines`.
            guard let fields = try? JSONDecoder().decode([String: String].self, from: Data(line)) else {
                continue
            }
            events.append(DaemonEvent(fields["msg"] ?? "", fields))
        }
    }
}

extension DaemonFixture {
    /// The matching events of all runs of the daemon, in order.
    public func events(_ message: String, where fields: [String: String] = [:]) -> [DaemonEvent] {
        log.events.filter { $0.message == message && Self.matches($0, fields) }
    }

    /// All messages of all runs of the daemon, in order.
    public var allEvents: [DaemonEvent] { log.events }

    /// The lines that the daemon wrote to standard error.
    public var logLines: [String] { log.lines }

    /// Waits for the first such event since the daemon's last start.
    @discardableResult
    public func awaitEvent(
        _ message: String, where fields: [String: String] = [:], within limit: Duration = .seconds(60)
    ) async throws -> DaemonEvent {
        try await eventually("kotibd logs “\(message)” \(fields)", within: limit) {
            log.eventsSinceStart.first { $0.message == message && Self.matches($0, fields) }
        }
    }

    private static func matches(_ event: DaemonEvent, _ fields: [String: String]) -> Bool {
        fields.allSatisfy { event[$0.key] == $0.value }
    }
}
