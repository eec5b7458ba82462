import CCurl

/// The reason why there is no response. The texts are for people and logs; none holds a header or a body of
/// the request.
public enum HTTPError: Error, Hashable, Sendable {
    /// The request cannot be sent as it is: its URL or a header. No retry helps.
    case invalid(String)
    /// No connection: the name, the network, TLS. The server has seen nothing of the request; retry later.
    case unreachable(String)
    /// A timeout after the connection was made. The server may have handled the request; retry later.
    case timedOut(String)
    /// The connection broke, or the response is not HTTP. The server may have handled the request; retry
    /// later.
    case broken(String)
    /// The answer is longer than ``HTTPLimits/answer`` bytes.
    case tooLarge(limit: Int)
    /// The file to be sent cannot be read to the size that was given.
    case unreadableFile(String)
    /// The task was cancelled.
    case cancelled
    /// ``HTTPClient/shutdown()`` was called.
    case closed
}

extension HTTPError {
    /// - Parameter wasConnected: whether the connection, TLS included, had been made when it failed.
    init(_ code: CURLcode, detail: String, wasConnected: Bool) {
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
            self = .invalid(detail)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR,
            CURLE_PROXY:
            self = .unreachable(detail)
        case CURLE_OPERATION_TIMEDOUT:
            self = wasConnected ? .timedOut(detail) : .unreachable(detail)
        default:
            self = .broken(detail)
        }
    }
}
