import KotibPOSIX

/// The methods of a request (RFC 9110, 9.3, and RFC 5789).
public enum HTTPMethod: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// One request over HTTP or HTTPS.
public struct HTTPRequest: Sendable {
    public enum Body: Sendable {
        case none
        case bytes([UInt8], contentType: String)
        /// The content type is `multipart/form-data` (RFC 7578).
        case multipart([HTTPPart])
    }

    /// Nil for GET without a body and POST with one.
    var method: HTTPMethod?
    /// `http` or `https`, without a user's name or password in it.
    var url: String
    /// The path of a Unix socket to connect to, whatever server the URL names; nil for that server.
    var unixSocket: String?
    /// Headers in addition to those of the body. Names and values are one line each.
    var headers: [(name: String, value: String)]
    var body: Body
    var limits: HTTPLimits
    /// Whether the server may see the request twice: over a kept connection that breaks before the first byte
    /// of an answer, libcurl sends it again. Where that would do harm, as with a message to somebody's phone,
    /// false gives the request a connection of its own, at the price of a handshake.
    var isRepeatable: Bool

    public init(
        _ method: HTTPMethod? = nil, url: String, unixSocket: String? = nil,
        headers: [(name: String, value: String)] = [], body: Body = .none,
        limits: HTTPLimits = HTTPLimits(), isRepeatable: Bool = true
    ) {
        self.method = method
        self.url = url
        self.unixSocket = unixSocket
        self.headers = headers
        self.body = body
        self.limits = limits
        self.isRepeatable = isRepeatable
    }
}

/// One part of a `multipart/form-data` body.
public struct HTTPPart: Sendable {
    public enum Content: Sendable {
        case text(String)
        /// The first `size` bytes of `file`, read by pread(2) while they are sent.
        case file(OpenFile, size: Int64, fileName: String, contentType: String)
    }

    var name: String
    var content: Content

    public init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

/// The timeouts of a transfer. Nil is no limit.
public struct HTTPLimits: Hashable, Sendable {
    /// For name resolution, connection and TLS together.
    var connect: Duration
    /// From the start to the end of the answer's headers; the sending counts too.
    var head: Duration?
    /// The longest time with fewer than ``slowest`` bytes a second in either direction. The time in which the
    /// server computes its response counts; a pause by a slow reader of the response does not.
    var stall: Duration?
    /// For all of it.
    var total: Duration?
    /// The longest body of an answer that ``HTTPClient/perform(_:progress:)`` returns, in bytes.
    var answer: Int

    /// Bytes a second. A server that sends single bytes counts as one that hangs.
    static let slowest = 32

    public init(
        connect: Duration = .seconds(15), head: Duration? = nil, stall: Duration? = .seconds(60),
        total: Duration? = .seconds(300), answer: Int = 1 << 20
    ) {
        self.connect = connect
        self.head = head
        self.stall = stall
        self.total = total
        self.answer = answer
    }
}
