import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import KotibControlProtocol
import KotibText
import NIOCore

/// JSON in and out.
enum ControlJSON {
    /// - Parameter share: what a large answer takes.
    static func response(
        _ body: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
        keeping share: AnswerRoom.Share? = nil
    ) throws -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        return Response(
            status: status, headers: fields, body: ResponseBody(try encoded(body), keeping: share))
    }

    static func encoded(_ body: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array(try encoder.encode(body))
    }

    /// An answer that is written while it is read.
    static func pieces(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
        _ write: @escaping @Sendable (inout AnswerPieces, inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        return Response(
            status: status, headers: fields,
            body: ResponseBody { writer in
                var pieces = AnswerPieces()
                try await write(&pieces, &writer)
                try await pieces.finish(&writer)
            })
    }

    /// Bytes of what anybody may send who has not logged in: a number and a code.
    static let smallBody = 4096

    /// - Parameters:
    ///   - limit: bytes of the body.
    ///   - share: what a large body takes; to be kept as long as what was read.
    /// - Throws: ``ControlFailure``, 413, 422 or, where there is no room now, 503.
    static func decode<Body: Decodable>(
        _ type: Body.Type, from request: Request, upTo limit: Int, share: BodyRoom.Share? = nil
    ) async throws -> Body {
        var bytes = ByteBuffer()
        for try await var piece in request.body {
            guard bytes.readableBytes + piece.readableBytes <= limit else {
                throw ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
            }
            if let share, bytes.readableBytes + piece.readableBytes > BodyRoom.free {
                guard share.take(piece.readableBytes) else {
                    throw ControlFailure.later(.serviceUnavailable, .unavailable, .crowded, seconds: 1)
                }
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
