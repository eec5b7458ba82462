import Glibc

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
