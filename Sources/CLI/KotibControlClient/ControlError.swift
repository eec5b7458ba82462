import KotibControlProtocol

/// Why a request to the daemon did not bring what it asked for.
public enum ControlError: Error, Sendable {
    /// Nothing answers at the socket.
    case unreachable(socket: String)
    /// The daemon said no.
    case refused(status: Int, ErrorBody, retryAfter: Int?)
    /// The daemon took the request and then said nothing for too long.
    case timedOut
    /// The connection ended amid an answer.
    case interrupted
    /// The answer is not one of Kotib's: another program, or a daemon of another version.
    case unreadable(status: Int)
    /// A file to be sent cannot be read.
    case unreadableFile(String)
}
