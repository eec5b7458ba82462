/// A response that is read while it arrives. Has one reader.
public struct HTTPResponseStream: Sendable {
    /// Status and headers; its body is empty.
    public let head: HTTPResponse
    let exchange: HTTPExchange

    /// The next bytes of the body; nil at its end. A slow reader slows down the server: at most 256 KiB are
    /// buffered.
    public func next() async throws(HTTPError) -> [UInt8]? {
        try await exchange.next()
    }

    /// The whole rest of the body.
    /// - Throws: ``HTTPError/tooLarge(limit:)`` where that is longer than `limit` bytes.
    public func collect(upTo limit: Int) async throws(HTTPError) -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try await next() {
            guard bytes.count <= limit - body.count else { throw .tooLarge(limit: limit) }
            body += bytes
        }
        return body
    }
}
