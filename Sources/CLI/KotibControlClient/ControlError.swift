import KotibControlProtocol

/// The reason why a request to the daemon failed.
public enum ControlError: Error, Sendable {
    /// No program listens on the socket.
    case unreachable(socket: String)
    /// This account may not connect to the socket.
    /// - Parameter group: the group that may; nil where only the owner may.
    case connectionDenied(socket: String, group: String?)
    /// The daemon said no.
    case refused(status: Int, ErrorBody, retryAfter: Int?)
    /// The daemon accepted the request but did not respond in time, or stopped amid its response.
    case timedOut
    /// The connection broke during a response.
    case interrupted
    /// The response is not one of Kotib's: from another program, or a daemon of another version.
    case unreadable(status: Int)
    /// The address with its parameters is longer than the daemon reads: nothing was sent.
    case requestTooLong
    /// A file to be sent cannot be read.
    case unreadableFile(String)
}
