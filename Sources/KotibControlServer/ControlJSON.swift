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

    /// - Throws: ``ControlFailure``, 413 or 422.
    static func decode<Body: Decodable>(
        _ type: Body.Type, from request: Request, _ context: ControlContext
    ) async throws -> Body {
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: context.maxUploadSize)
        } catch is NIOTooManyBytesError {
            throw ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
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
