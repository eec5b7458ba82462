// KotibWorkerClient: starts kotib-worker, talks to it, and outlives whatever happens to it.

/// Why a worker gave no answer to a request.
public enum WorkerError: Error, Hashable, Sendable {
    /// The program, its model or its sandbox cannot be set up, or it ends before it has any work. No file is
    /// to blame; asking again before `retryAfter` gives the same error.
    case couldNotStart(reason: String, retryAfter: Duration)
    /// The process ended in the middle of the request; `lastLine` is the last that it wrote to its log.
    case died(WorkerExit, lastLine: String?)
    /// Nothing was heard of it for so long that it was killed.
    case stalled(after: Duration)
    /// The whole request took longer than the caller allows, so the process was killed.
    case overdue(after: Duration)
    /// It said what is no reply, or none to this request, and was killed.
    case breach(detail: String)
    /// More callers wait than the pool takes; ask again once some are done.
    case busy
    /// The caller's task was cancelled.
    case cancelled
    /// The pool's ``WorkerPool/run()`` has ended, or ended during the request.
    case stopped

    /// Whether the request, rather than the installation or the caller, may have caused it: such an error
    /// counts as an attempt.
    public var mayBlameRequest: Bool {
        switch self {
        case .died, .stalled, .overdue, .breach: true
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
        case .breach(let detail): "broke the protocol (\(detail)) and was stopped"
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
