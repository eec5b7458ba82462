import Logging
import Synchronization

/// What was logged, one string a line: level, message, and the fields in the order of their names.
public final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    public var all: [String] { lines.withLock { $0 } }

    fileprivate func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A logger that keeps what it is told, of every level.
public func recordingLogger() -> (Logger, LogLines) {
    let lines = LogLines()
    return (Logger(label: "test") { _ in LineHandler(lines: lines) }, lines)
}

private struct LineHandler: LogHandler {
    let lines: LogLines
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.map { "\($0)=\($1)" }.sorted()
        lines.add("\(event.level) \(event.message) \(pairs.joined(separator: " "))")
    }
}
