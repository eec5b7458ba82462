import KotibControlClient
import KotibControlProtocol

/// The exit codes of kotibctl, those of sysexits.h where it has one; the manual page lists them.
enum ControlExit: Int32, CaseIterable, Sendable {
    case done = 0
    /// It failed, nothing was found, or the daemon is degraded.
    case failed = 1
    /// EX_USAGE: a wrong command line, also where only the daemon can tell that a value is invalid.
    /// ArgumentParser's own.
    case usage = 64
    /// EX_DATAERR: another change came first, or the name is taken.
    case conflict = 65
    /// EX_NOINPUT: there is no such recording, user or file.
    case notFound = 66
    /// EX_UNAVAILABLE: no daemon answers.
    case noDaemon = 69
    /// EX_CANTCREAT: a file cannot be written.
    case cannotCreate = 73
    /// EX_TEMPFAIL: a later retry may succeed; also where the daemon stopped amid its answer.
    case tryLater = 75
    /// EX_PROTOCOL: the response does not follow Kotib's protocol.
    case protocolError = 76
    /// EX_NOPERM: not logged in, not for this user, or not in the group that may connect.
    case notAllowed = 77
    /// As a shell reports a program that SIGINT ended.
    case interrupted = 130
    /// As a shell reports a program whose reader went away.
    case brokenPipe = 141

    init(_ error: ControlError) {
        self =
            switch error {
            case .unreachable: .noDaemon
            case .connectionDenied: .notAllowed
            case .refused(_, let body, _) where body.code == ErrorCode.conflict.rawValue: .conflict
            case .refused(let status, _, _): Self.code(ofStatus: status)
            case .requestTooLong: .usage
            case .interrupted, .timedOut: .tryLater
            case .unreadable: .protocolError
            case .unreadableFile: .notFound
            }
    }

    private static func code(ofStatus status: Int) -> ControlExit {
        switch status {
        case 401, 403: .notAllowed
        case 404: .notFound
        // A value that the daemon does not take, or a search that is too long.
        case 422, 431: .usage
        case 429, 503, 507: .tryLater
        default: .failed
        }
    }
}

extension ControlError {
    /// Whether no other request would fare better.
    var isAboutSocket: Bool {
        switch self {
        case .unreachable, .connectionDenied: true
        case .refused, .timedOut, .interrupted, .unreadable, .unreadableFile, .requestTooLong: false
        }
    }
}

extension ControlExit {
    /// For the manual page: all codes with what they mean.
    static var table: String { allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") }

    private var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed, nothing found, or the daemon degraded"
        case .usage: "wrong command line, or a value that is not valid"
        case .conflict: "changed by somebody else meanwhile, or a name that is taken"
        case .notFound: "no such recording, user or file"
        case .noDaemon: "no daemon answers"
        case .cannotCreate: "a file cannot be written"
        case .tryLater: "try again later, or the daemon did not answer to the end in time"
        case .protocolError: "the answer is not Kotib's"
        case .notAllowed: "not allowed, or not in the group that may connect"
        case .interrupted: "interrupted"
        case .brokenPipe: "the reader of the output went away"
        }
    }
}
