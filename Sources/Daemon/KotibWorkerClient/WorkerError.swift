// KotibWorkerClient: starts kotib-worker, talks to it, and handles its failures.

import Glibc

/// The reason why a request got no reply.
public enum WorkerError: Error, Hashable, Sendable {
    /// The program, its model or its sandbox cannot be set up, or it exits before it has any work. No file is
    /// the cause; before `retryAfter` the error stays the same.
    case couldNotStart(reason: String, retryAfter: Duration)
    /// The process ended during the request; `lastLine` is the last line of its log.
    case died(WorkerExit, lastLine: String?)
    /// It gave no sign of life for so long that it was killed.
    case stalled(after: Duration)
    /// The request took longer than the caller allows; the process was killed.
    case overdue(after: Duration)
    /// It sent an invalid or unexpected reply and was killed.
    case protocolViolation(detail: String)
    /// Too many callers wait for the pool; retry later.
    case busy
    /// The caller's task was cancelled.
    case cancelled
    /// The pool's ``WorkerPool/run()`` has ended, or ended during the request.
    case stopped

    /// Whether the request, rather than the installation or the caller, may have caused it: such an error
    /// counts as an attempt.
    public var mayBlameRequest: Bool {
        switch self {
        case .died, .stalled, .overdue, .protocolViolation: true
        case .couldNotStart, .busy, .cancelled, .stopped: false
        }
    }
}

extension WorkerError: CustomStringConvertible {
    /// A clause for logs and people, such as "was ended by signal 11 (Segmentation fault)".
    public var description: String {
        switch self {
        case .couldNotStart(let reason, _): "could not be started: \(reason)"
        case .died(let exit, let line?): "\(exit), its last words being: \(line)"
        case .died(let exit, nil): "\(exit)"
        case .stalled(let time): "said nothing for \(seconds(time)) and was stopped"
        case .overdue(let time): "was not done after \(seconds(time)) and was stopped"
        case .protocolViolation(let detail): "broke the protocol (\(detail)) and was stopped"
        case .busy: "has too many requests waiting"
        case .cancelled: "was told to give the request up"
        case .stopped: "has been shut down"
        }
    }

    /// "60 s", "0.25 s".
    private func seconds(_ time: Duration) -> String {
        let milliseconds = time / .milliseconds(1)
        return milliseconds.truncatingRemainder(dividingBy: 1000) == 0
            ? "\(Int(milliseconds / 1000)) s" : "\(milliseconds / 1000) s"
    }
}

/// How a process ended (wait(2)).
public enum WorkerExit: Hashable, Sendable {
    case status(Int32)
    case signal(Int32)
}

extension WorkerExit: CustomStringConvertible {
    /// "ended with status 1", "was ended by signal 11 (Segmentation fault)".
    public var description: String {
        switch self {
        case .status(let status): "ended with status \(status)"
        case .signal(let signal): "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}
