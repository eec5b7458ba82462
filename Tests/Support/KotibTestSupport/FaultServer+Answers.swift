import Synchronization

extension FaultServer {
    /// Answers, byte for byte.
    public enum Answer {
        /// A response with a length, after which the connection is closed.
        public static func whole(
            _ status: Int, _ body: String, type: String = "application/json", headers: [String] = []
        ) -> [UInt8] {
            let lines =
                [
                    "HTTP/1.1 \(status) Something", "Content-Type: \(type)",
                    "Content-Length: \(body.utf8.count)",
                ]
                + headers
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
        }

        /// A response without a length: the body ends with the connection.
        public static func unbounded(_ body: String, type: String) -> [UInt8] {
            Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n\(body)".utf8)
        }

        public static func chunked(_ body: String, type: String) -> [UInt8] {
            let size = String(body.utf8.count, radix: 16)
            let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n"
            return Array("\(head)\(size)\r\n\(body)\r\n0\r\n\r\n".utf8)
        }
    }
}

/// For those who only ask whether the right thing was sent and what becomes of the answer.
extension FaultServer {
    /// Gives every request the same answer.
    /// - Parameter status: such as `401 Unauthorized`.
    public convenience init(status: String, body: String) throws {
        try self.init { _ in Self.answer(status, body) }
    }

    /// - Parameter answer: what is sent, byte for byte, to the request of that number, counted from 0; the
    ///   connection is closed after it.
    public convenience init(_ answer: @escaping @Sendable (Int) -> String) throws {
        let count = Mutex(0)
        try self.init { (_: Received) in
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            return [.send(Array(answer(number).utf8))]
        }
    }

    /// An answer with JSON in it.
    /// - Parameters:
    ///   - status: such as `401 Unauthorized`.
    ///   - headers: more of them, each with CRLF at its end.
    public static func answer(_ status: String, headers: String = "", _ body: String) -> String {
        """
        HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\
        \(headers)Connection: close\r\n\r\n\(body)
        """
    }

    /// Request lines and headers, in order of arrival.
    public var heads: [String] { received.map(\.head) }

    /// The bodies of the same requests.
    public var bodies: [String] { received.map { String(decoding: $0.body, as: UTF8.self) } }
}
