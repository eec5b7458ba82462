import Dispatch
import Glibc
import KotibPOSIX
import Synchronization

/// An HTTP server on loopback that gives every request the same answer, for what a real one does rarely.
public final class FaultServer: Sendable {
    public let port: UInt16
    private let listener: OpenFile
    private let requests: Requests
    private let answer: String

    private final class Requests: Sendable {
        let heads = Mutex<[String]>([])
    }

    /// - Parameters:
    ///   - status: such as `401 Unauthorized`.
    ///   - body: JSON.
    public init(status: String, body: String) throws {
        (listener, port) = try Loopback.listen()
        let requests = Requests()
        self.requests = requests
        answer = """
            HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\
            Connection: close\r\n\r\n\(body)
            """
        let (listener, answer) = (listener, answer)
        DispatchQueue.global().async {
            // accept(2) fails once the listener is shut down.
            while case let client = accept(listener.descriptor, nil, nil), client >= 0 {
                let connection = OpenFile(owning: client)
                let head = Self.readRequest(connection.descriptor)
                requests.heads.withLock { $0.append(head) }
                _ = send(connection.descriptor, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    deinit { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

    /// Request lines and headers, in order of arrival.
    public var heads: [String] { requests.heads.withLock { $0 } }

    /// Reads a whole request and returns its head; a body that goes on would make the client miss the answer.
    private static func readRequest(_ descriptor: Int32) -> String {
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
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound ?? bytes.count
        return String(decoding: bytes[..<end], as: UTF8.self)
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
