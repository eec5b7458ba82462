import FoundationEssentials
import Glibc
import Logging

/// swift-log's events as lines on standard error, each in one write(2) so that lines of threads never mix.
struct StandardErrorLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    let format: LogFormat
    /// systemd.exec(5): set where standard error is the journal.
    let journal: Bool

    init(format: LogFormat, level: Logger.Level, journal: Bool) {
        self.format = format
        self.logLevel = level
        self.journal = journal
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = LogLine(
            time: Date(), level: event.level, message: event.message.description,
            fields: Self.ordered(all))
        let text = (format == .json ? line.json() : line.logfmt(journal: journal)) + "\n"
        StandardError.write(text)
    }

    /// The order of fields: user and recording first, then the rest by name.
    private static func ordered(_ metadata: Logger.Metadata) -> [(key: String, value: String)] {
        let first = ["recording", "user", "file", "size", "duration", "engine", "model"]
        let rest = metadata.keys.filter { !first.contains($0) }.sorted()
        return (first + rest).compactMap { key in
            metadata[key].map { (key, $0.description) }
        }
    }
}

enum StandardError {
    /// Writes all of `text` without buffering, so that a crash loses nothing.
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            // A failure to write to standard error cannot be reported anywhere.
            if count < 0 && errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}
