import AsyncHTTPClient
import FoundationEssentials
import KotibControlProtocol
import NIOCore
import NIOHTTP1

/// What the daemon answered, as a value and as it came.
public struct Answer<Body: Sendable>: Sendable {
    public let body: Body
    public let json: [UInt8]
}

/// Speaks to the daemon over its socket.
public struct ControlClient: Sendable {
    /// One for the life of the process. A daemon that is not there is reported at once, not tried for ten seconds.
    private static let http: HTTPClient = {
        var settings = HTTPClient.Configuration()
        settings.timeout.connect = .seconds(5)
        settings.connectionPool.retryConnectionEstablishment = false
        settings.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }()

    /// More than the longest list of full transcripts that the daemon sends.
    static let longestAnswer = 256 << 20
    /// From the first byte of a request to the head of its answer. The daemon answers in milliseconds, and within
    /// seconds where it is crowded.
    static let patience = TimeAmount.seconds(30)

    public let socket: String
    let token: String?
    let language: String

    /// `language`: what the daemon's sentences are in (`uz`, `en` or `ru`).
    public init(socket: String, token: String?, language: String) {
        self.socket = socket
        self.token = token
        self.language = language
    }

    /// Sends a request and returns its answer when that has a status below 400.
    /// - Parameter patience: how long the head of the answer may take; its body may take longer.
    func send(
        _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [],
        body: HTTPClientRequest.Body? = nil, patience: TimeAmount = patience
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url(path, query))
        request.method = method
        request.headers.add(name: "Accept-Language", value: language)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = body
        let response: HTTPClientResponse
        do {
            response = try await Self.http.execute(request, deadline: .now() + patience)
        } catch let error as ControlError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw ControlError.timedOut
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ControlError.unreachable(socket: socket)
        }
        guard response.status.code >= 400 else { return response }
        let status = Int(response.status.code)
        guard let error = try? JSONDecoder().decode(ErrorBody.self, from: Data(await all(response))) else {
            throw ControlError.unreadable(status: status)
        }
        let retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }
        throw ControlError.refused(status: status, error, retryAfter: retryAfter)
    }

    func json<Body: Decodable & Sendable>(
        _ type: Body.Type, _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = []
    ) async throws -> Answer<Body> {
        try await decode(send(method, path, query: query, headers: headers))
    }

    func json<Body: Decodable & Sendable>(
        _ type: Body.Type, _ method: HTTPMethod, _ path: String, query: [(String, String)] = [],
        headers: [(String, String)] = [], sending value: some Encodable
    ) async throws -> Answer<Body> {
        let bytes = ByteBuffer(bytes: try JSONEncoder().encode(value))
        let headers = headers + [("Content-Type", "application/json")]
        return try await decode(send(method, path, query: query, headers: headers, body: .bytes(bytes)))
    }

    func decode<Body: Decodable & Sendable>(_ response: HTTPClientResponse) async throws -> Answer<Body> {
        let bytes = try await all(response)
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
            throw ControlError.unreadable(status: Int(response.status.code))
        }
        return Answer(body: body, json: bytes)
    }

    func all(_ response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array((try await response.body.collect(upTo: Self.longestAnswer)).readableBytesView)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ControlError.interrupted
        }
    }

    private func url(_ path: String, _ query: [(String, String)]) -> String {
        let pairs = query.map { Self.escaped($0.0) + "=" + Self.escaped($0.1) }
        let tail = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        return "http+unix://\(Self.escaped(socket))/api/v1/\(path)\(tail)"
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
