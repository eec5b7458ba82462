import Glibc

/// Standard error, which the daemon reads line by line into its log.
enum WorkerLog {
    /// Writes one line. A log that cannot be written stops nothing.
    static func say(_ message: String) {
        let line = Array((message.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Exit codes of sysexits.h, by the daemon's possible reaction.
enum WorkerExit: Int32 {
    /// The daemon closed the socket.
    case done = 0
    /// Not started by kotibd.
    case usage = 64
    /// The engine or this program failed; another worker may do better.
    case software = 70
    /// The kernel refused a part of the sandbox.
    case system = 71
    /// A recording could not be read from disk.
    case inputOutput = 74
    /// The daemon sent an invalid request.
    case `protocol` = 76
    /// A model or libmagic's database is missing or broken.
    case configuration = 78

    /// Ends the process at once, other threads and all; nothing of it needs an orderly end.
    func leave() -> Never {
        _exit(rawValue)
    }
}
