import Logging
import Synchronization

/// A log handler that records all messages of every level. Copies share the record.
public struct LogRecorder: LogHandler {
    public struct Line: Sendable, CustomStringConvertible {
        public var level: Logger.Level
        public var message: String
        /// The fields of the logger and those of the event.
        public var metadata: Logger.Metadata

        /// Level, message, and the fields in the order of their names.
        public var description: String {
            "\(level) \(message) \(metadata.map { "\($0)=\($1)" }.sorted().joined(separator: " "))"
        }
    }

    private final class Kept: Sendable {
        let lines = Mutex<[Line]>([])
    }

    private let kept = Kept()
    public var metadata: Logger.Metadata = [:]
    public var logLevel = Logger.Level.trace

    public init() {}

    public var lines: [Line] { kept.lines.withLock { $0 } }
    /// One string a line.
    public var all: [String] { lines.map(\.description) }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let line = Line(
            level: event.level, message: "\(event.message)",
            metadata: metadata.merging(event.metadata ?? [:]) { $1 })
        kept.lines.withLock { $0.append(line) }
    }
}

/// A logger and its recorded messages.
public func recordingLogger() -> (Logger, LogRecorder) {
    let recorder = LogRecorder()
    return (Logger(label: "test") { _ in recorder }, recorder)
}
