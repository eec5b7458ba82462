import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibControlProtocol
import KotibText
import NIOCore

/// JSON in and out.
enum ControlJSON {
    /// - Parameter share: the memory reservation of a large response.
    static func response(
        _ body: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
        keeping share: ResponseMemoryLimit.Reservation? = nil
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

    /// A response that is written in chunks.
    static func pieces(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
        _ write:
            @escaping @Sendable (inout ChunkedResponseWriter, inout any ResponseBodyWriter) async throws ->
            Void
    ) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        return Response(
            status: status, headers: fields,
            body: ResponseBody { writer in
                var pieces = ChunkedResponseWriter()
                try await write(&pieces, &writer)
                try await pieces.finish(&writer)
            })
    }

    /// The size limit in bytes of bodies before a login: a number and a code.
    static let smallBody = 4096

    /// - Parameters:
    ///   - limit: bytes of the body.
    ///   - share: the memory reservation of a large body; to be kept as long as the decoded value.
    /// - Throws: ``ControlFailure``, 413, 422 or, without memory, 503.
    static func decode<Body: Decodable>(
        _ type: Body.Type, from request: Request, upTo limit: Int,
        share: RequestMemoryLimit.Reservation? = nil
    ) async throws -> Body {
        var bytes = ByteBuffer()
        for try await var piece in request.body {
            guard bytes.readableBytes + piece.readableBytes <= limit else {
                throw ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
            }
            if let share, bytes.readableBytes + piece.readableBytes > RequestMemoryLimit.free {
                guard share.reserve(piece.readableBytes) else {
                    throw ControlFailure.later(.serviceUnavailable, .unavailable, .overloaded, seconds: 1)
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
    /// The field that cannot be decoded, as the client spells it; "body" for the whole.
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
