import FoundationEssentials
import KotibControlProtocol
import KotibHTTP
import KotibPOSIX

/// The daemon's response, decoded and as bytes.
public struct Answer<Body: Sendable>: Sendable {
    public let body: Body
    public let json: [UInt8]
}

/// A client of the daemon's socket.
public struct ControlClient: Sendable {
    /// Shared for the life of the process.
    private static let http = Result { () throws(SystemError) in
        try HTTPClient(.init(userAgent: "kotibctl"))
    }

    /// Larger than the longest list of full transcripts that the daemon sends.
    static let longestAnswer = 256 << 20
    /// From the first byte of a request to the head of its response. The daemon responds in milliseconds, and
    /// within seconds under load.
    static let responseTimeout: Duration = .seconds(30)
    /// The longest silence within a response before it is given up: four pings of the daemon's event stream,
    /// which are 15 s apart. Time in which the reader of a response is busy does not count.
    static let longestSilence: Duration = .seconds(60)

    public let socket: String
    let token: String?
    let language: String
    let silence: Duration

    /// `language`: of the daemon's sentences (`uz`, `en` or `ru`).
    public init(socket: String, token: String?, language: String) {
        self.init(socket: socket, token: token, language: language, silence: Self.longestSilence)
    }

    /// `silence`: ``longestSilence``, or less in tests.
    init(socket: String, token: String?, language: String, silence: Duration) {
        self.silence = silence
        self.socket = socket
        self.token = token
        self.language = language
    }

    /// Sends a request and hands its response to `read` if that has a status below 400.
    /// - Parameters:
    ///   - responseTimeout: the time limit for the head of the response; its body may take longer.
    ///   - progress: bytes of the body sent, and of all of it.
    func send<Value>(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [], body: HTTPRequest.Body = .none,
        responseTimeout: Duration = responseTimeout,
        progress: (@Sendable (Int64, Int64) -> Void)? = nil, read: (HTTPResponseStream) async throws -> Value
    ) async throws -> Value {
        var headers = headers.map { (name: $0.0, value: $0.1) }
        headers.append(("Accept-Language", language))
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        let target = target(path, query)
        guard target.utf8.count <= RequestLimits.longestTarget else { throw ControlError.requestTooLong }
        let request = HTTPRequest(
            method, url: "http://localhost" + target, unixSocket: socket, headers: headers, body: body,
            limits: HTTPLimits(connect: .seconds(5), head: responseTimeout, stall: nil, total: nil),
            isRepeatable: method == .get)
        var hasAnswer = false
        do {
            return try await Self.http.get().stream(request, progress: progress) { answer in
                hasAnswer = true
                guard answer.head.status < 400 else { throw try await refusal(answer) }
                return try await read(answer)
            }
        } catch let error as HTTPError where !hasAnswer {
            throw unanswered(error)
        }
    }

    /// The error for a response with a status of 400 and more.
    private func refusal(_ answer: HTTPResponseStream) async throws -> ControlError {
        let status = answer.head.status
        let bytes = try await all(answer)
        guard let error = try? JSONDecoder().decode(ErrorBody.self, from: Data(bytes)) else {
            return .unreadable(status: status)
        }
        let retryAfter = answer.head.header("Retry-After").flatMap { Int($0) }
        return .refused(status: status, error, retryAfter: retryAfter)
    }

    private func unanswered(_ error: HTTPError) -> any Error {
        switch error {
        case .cancelled: CancellationError()
        case .timedOut: ControlError.timedOut
        case .unreadableFile(let why): ControlError.unreadableFile(why)
        case .unreachable: unconnected()
        case .invalid, .broken, .tooLarge, .closed: ControlError.unreachable(socket: socket)
        }
    }

    private func unconnected() -> ControlError {
        switch SocketPermission(of: socket) {
        case .denied(let group): .connectionDenied(socket: socket, group: group)
        case .notDenied: .unreachable(socket: socket)
        }
    }

    func json<Body: Decodable & Sendable>(
        _ type: Body.Type, _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = []
    ) async throws -> Answer<Body> {
        try await send(method, path, query: query, headers: headers, read: decode)
    }

    func json<Body: Decodable & Sendable>(
        _ type: Body.Type, _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [], sending value: some Encodable
    ) async throws -> Answer<Body> {
        let bytes = Array(try JSONEncoder().encode(value))
        return try await send(
            method, path, query: query, headers: headers,
            body: .bytes(bytes, contentType: "application/json"), read: decode)
    }

    func decode<Body: Decodable & Sendable>(_ answer: HTTPResponseStream) async throws -> Answer<Body> {
        let bytes = try await all(answer)
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
            throw ControlError.unreadable(status: answer.head.status)
        }
        return Answer(body: body, json: bytes)
    }

    func all(_ answer: HTTPResponseStream) async throws -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try await next(answer) {
            guard piece.count <= Self.longestAnswer - body.count else { throw ControlError.interrupted }
            body += piece
        }
        return body
    }

    /// The next bytes of an answer's body; nil at its end.
    /// - Throws: ``ControlError/timedOut`` after ``longestSilence``: the transfer has ended.
    func next(_ answer: HTTPResponseStream) async throws -> [UInt8]? {
        let silence = silence
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                do throws(HTTPError) {
                    return try await answer.next()
                } catch {
                    throw error == .cancelled ? CancellationError() : ControlError.interrupted
                }
            }
            group.addTask {
                try await Task.sleep(for: silence)
                throw ControlError.timedOut
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func target(_ path: String, _ query: [(String, String)]) -> String {
        let pairs = query.map { Self.escaped($0.0) + "=" + Self.escaped($0.1) }
        let tail = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        return "/api/v1/\(path)\(tail)"
    }

    /// RFC 3986: all but the unreserved characters.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
        return result
    }
}
