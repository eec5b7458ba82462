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

/// One event as one line: logfmt for people, JSON for machines.
struct LogLine {
    var time: Date
    var level: Logger.Level
    var message: String
    /// In the order in which they are shown.
    var fields: [(key: String, value: String)]

    /// `time=… level=… msg="…" key=value …`. Under systemd's journal the time is the journal's and the level
    /// is a priority in front (sd-daemon(3)).
    func logfmt(journal: Bool) -> String {
        var line = journal ? "<\(priority)>" : "time=\(time.ISO8601Format(Self.timeStyle)) "
        line += "level=\(level) msg=\(Self.quoted(message))"
        for (key, value) in fields {
            line += " \(key)=\(Self.quoted(value))"
        }
        return line
    }

    /// One JSON object; every value a string.
    func json() -> String {
        let head = [
            ("time", time.ISO8601Format(Self.timeStyle)), ("level", "\(level)"), ("msg", message),
        ]
        let members = (head + fields.map { ($0.key, $0.value) }).map { key, value in
            "\(Self.jsonString(key)):\(Self.jsonString(value))"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// syslog(3).
    private var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// Bare where it is one plain word, else in quotes; never more than one line.
    private static func quoted(_ value: String) -> String {
        let plain = value.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && scalar != "\"" && scalar != "=" && scalar != "\\" && scalar.value != 0x7f
        }
        return plain && !value.isEmpty ? value : jsonString(value)
    }

    private static func jsonString(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case "\0"..."\u{1f}", "\u{7f}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
