import Foundation

/// One part of a multipart form.
public struct FormPart {
    public var head: String
    public var body: [UInt8]
}

extension FaultServer.Received {
    /// The parts of a multipart form, taken apart strictly (RFC 2046, 5.1.1).
    public func form() throws -> [FormPart] {
        let prefix = "multipart/form-data; boundary="
        guard let type = header("content-type"), type.hasPrefix(prefix) else {
            throw NotMultipart(head: head)
        }
        // Latin-1 keeps each byte as one character.
        guard let text = String(bytes: body, encoding: .isoLatin1) else { throw NotMultipart(head: head) }
        let boundary = type.dropFirst(prefix.count)
        var pieces = ("\r\n" + text).components(separatedBy: "\r\n--\(boundary)")
        guard pieces.removeFirst() == "", pieces.popLast() == "--\r\n" else { throw NotMultipart(head: head) }
        return try pieces.map { piece in
            guard let split = piece.range(of: "\r\n\r\n"),
                let bytes = piece[split.upperBound...].data(using: .isoLatin1)
            else { throw NotMultipart(head: piece) }
            let head = piece[..<split.lowerBound].trimmingCharacters(in: .newlines)
            return FormPart(head: head, body: Array(bytes))
        }
    }
}

/// A request, or a part of it, that is no multipart form.
public struct NotMultipart: Error {
    public var head: String
}
