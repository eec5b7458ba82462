import FoundationEssentials
import HTTPTypes
import Hummingbird
import KotibControlProtocol
import NIOCore

/// JSON in and out.
enum ControlJSON {
    static func response(
        _ body: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let bytes = ByteBuffer(bytes: try encoder.encode(body))
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: bytes))
    }

    /// Bytes of what anybody may send who has not logged in: a number and a code.
    static let smallBody = 4096

    /// - Parameters:
    ///   - limit: bytes of the body.
    ///   - room: what large bodies share.
    /// - Throws: ``ControlFailure``, 413, 422 or, where there is no room now, 503.
    static func decode<Body: Decodable>(
        _ type: Body.Type, from request: Request, upTo limit: Int, room: BodyRoom? = nil
    ) async throws -> Body {
        var taken = 0
        defer { room?.give(back: taken) }
        var bytes = ByteBuffer()
        for try await var piece in request.body {
            guard bytes.readableBytes + piece.readableBytes <= limit else {
                throw ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
            }
            if let room, bytes.readableBytes + piece.readableBytes > BodyRoom.free {
                guard room.take(piece.readableBytes) else {
                    throw ControlFailure.later(.serviceUnavailable, .unavailable, .crowded, seconds: 1)
                }
                taken += piece.readableBytes
            }
            bytes.writeBuffer(&piece)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw ControlFailure.invalid(error.field)
        }
    }
}

extension DecodingError {
    /// The field that cannot be read, as the client spells it; "body" where it is the whole.
    fileprivate var field: String {
        let path: [any CodingKey] =
            switch self {
            case .keyNotFound(let key, let context): context.codingPath + [key]
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            @unknown default: []
            }
        return path.isEmpty ? "body" : path.map(\.stringValue).joined(separator: ".")
    }
}
