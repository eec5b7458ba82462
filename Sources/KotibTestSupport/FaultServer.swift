import Dispatch
import Glibc
import KotibPOSIX
import Synchronization

/// An HTTP server on loopback that answers as it is told, for what a real one does rarely.
public final class FaultServer: Sendable {
    public let port: UInt16
    private let listener: OpenFile
    private let requests: Requests

    private final class Requests: Sendable {
        let all = Mutex<[(head: String, body: String)]>([])
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

    /// Gives every request the same answer.
    public convenience init(status: String, body: String) throws {
        try self.init { _ in Self.answer(status, body) }
    }

    /// - Parameter answer: what is sent, byte for byte, to the request of that number, counted from 0; the
    ///   connection is closed after it.
    public init(_ answer: @escaping @Sendable (Int) -> String) throws {
        (listener, port) = try Loopback.listen()
        let requests = Requests()
        self.requests = requests
        let listener = listener
        DispatchQueue.global().async {
            // accept(2) fails once the listener is shut down.
            while case let client = accept(listener.descriptor, nil, nil), client >= 0 {
                let connection = OpenFile(owning: client)
                let request = Self.readRequest(connection.descriptor)
                let number = requests.all.withLock { all in
                    all.append(request)
                    return all.count - 1
                }
                let answer = answer(number)
                _ = send(connection.descriptor, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    deinit { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

    /// Request lines and headers, in order of arrival.
    public var heads: [String] { requests.all.withLock { $0.map(\.head) } }

    /// The bodies of the same requests.
    public var bodies: [String] { requests.all.withLock { $0.map(\.body) } }

    /// Reads a whole request; a body that goes on would make the client miss the answer.
    private static func readRequest(_ descriptor: Int32) -> (head: String, body: String) {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        var wanted = Int.max
        while bytes.count < wanted {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { break }
            bytes += part[..<count]
            if wanted == .max, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                if head.lowercased().contains("expect: 100-continue") {
                    let go = "HTTP/1.1 100 Continue\r\n\r\n"
                    _ = send(descriptor, go, go.utf8.count, Int32(MSG_NOSIGNAL))
                }
                wanted = end.upperBound + length(in: head)
            }
        }
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) ?? bytes.count..<bytes.count
        return (
            String(decoding: bytes[..<end.lowerBound], as: UTF8.self),
            String(decoding: bytes[end.upperBound...], as: UTF8.self)
        )
    }

    private static func length(in head: String) -> Int {
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
}

/// Ports of this machine's own.
public enum Loopback {
    /// A listening socket on 127.0.0.1 and the port that the kernel chose for it.
    static func listen() throws -> (OpenFile, UInt16) {
        let descriptor = try SystemError.check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        let owner = OpenFile(owning: descriptor)
        var address = ipv4(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try SystemError.check("bind") { bind(descriptor, address, size) }
                try SystemError.check("listen") { Glibc.listen(descriptor, 64) }
                try SystemError.check("getsockname") { getsockname(descriptor, address, &size) }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        return (owner, port)
    }

    /// A port at which nobody listened a moment ago.
    public static func freePort() throws -> UInt16 { try listen().1 }

    /// Whether somebody listens there.
    public static func accepts(_ port: UInt16) throws -> Bool {
        let descriptor = try SystemError.check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        let owner = OpenFile(owning: descriptor)
        var address = ipv4(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(owner.descriptor, $0, size) == 0 }
        }
    }

    private static func ipv4(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
