/// A server's response, whatever the status.
public struct HTTPResponse: Sendable {
    public var status: Int
    /// In the order in which they came; without trailers and without those of interim (1xx) answers.
    var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// Whether the protocol delimits the body. If not (RFC 9112, 6.3, last rule), a truncated body looks
    /// complete.
    public var isDelimited: Bool

    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8], isDelimited: Bool) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isDelimited = isDelimited
    }

    /// The first header of that name, in any case of letters.
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }

    /// The media type without parameters, in lower case: `application/json`.
    public var mediaType: String? {
        header("content-type").map { value in
            let type = value.prefix { $0 != ";" }.lowercased()
            return String(type.filter { $0 != " " && $0 != "\t" })
        }
    }
}
