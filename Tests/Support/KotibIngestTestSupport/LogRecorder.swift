import Logging
import Synchronization

/// Keeps log lines.
package struct LogRecorder: LogHandler {
    package struct Line: Sendable {
        package var level: Logger.Level
        package var message: String
        package var metadata: Logger.Metadata
    }

    private final class Kept: Sendable {
        let lines = Mutex<[Line]>([])
    }

    private let kept = Kept()

    package init() {}

    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace
    package var lines: [Line] { kept.lines.withLock { $0 } }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let line = Line(level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:])
        kept.lines.withLock { $0.append(line) }
    }
}
