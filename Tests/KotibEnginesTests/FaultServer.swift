import Foundation
import Glibc
import KotibPOSIX
import Synchronization

/// An HTTP/1.1 server on loopback that answers as badly as it is told, and remembers what it was asked.
///
/// One thread accepts, one more serves each connection; both end with the server.
final class FaultServer: Sendable {
    /// A request as it came.
    struct Received: Sendable {
        var method = ""
        var path = ""
        var headers: [(name: String, value: String)] = []
        /// At most ``keptBytes`` of the body.
        var body: [UInt8] = []
        /// Bytes of the body, kept or not.
        var bodySize = 0
        /// Counted from 0.
        var connection = 0

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What happens after a request.
    enum Step: Sendable {
        case send([UInt8])
        /// One byte, and then nothing for that many milliseconds, over and over.
        case drip([UInt8], milliseconds: Int32)
        /// Over and over, until the peer has gone.
        case flood([UInt8])
        /// Wait until the peer goes or the server ends.
        case hang
        /// Serve another request on this connection instead of closing it.
        case keepOpen
    }

    static let keptBytes = 1 << 20

    let port: UInt16
    private let listener: Int32
    private let answer: @Sendable (Received) -> [Step]
    private let state = Mutex(State())

    private struct State {
        var received: [Received] = []
        var connections: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var received: [Received] { state.withLock { $0.received } }
    var accepted: Int { state.withLock { $0.accepted } }
    /// Connections that stand now.
    var open: Int { state.withLock { $0.connections.count } }

    /// Reads each whole request, then does the steps of `answer`, then closes the connection.
    init(_ answer: @escaping @Sendable (Received) -> [Step]) throws {
        self.answer = answer
        listener = try SystemError.check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        port = try Loopback.listen(listener)
        thread("fault-accept") { [listener, weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 || errno == EINTR || errno == ECONNABORTED else { break }
                if connection >= 0, self?.serve(connection) == nil { close(connection) }
            }
            close(listener)
        }
    }

    deinit { stop() }

    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            Glibc.shutdown(listener, Int32(SHUT_RDWR))
            for connection in state.connections { Glibc.shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    private func serve(_ connection: Int32) {
        let number = state.withLock { state in
            state.connections.insert(connection)
            state.accepted += 1
            return state.accepted - 1
        }
        thread("fault-serve") { [self] in
            var isOpen = true
            while isOpen, var request = FaultConnection(connection).request() {
                request.connection = number
                state.withLock { $0.received.append(request) }
                isOpen = FaultConnection(connection).perform(answer(request))
            }
            state.withLock {
                $0.connections.remove(connection)
                close(connection)
            }
        }
    }

    private func thread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 256 << 10
        thread.start()
    }
}

/// One connection of a ``FaultServer``, used by its thread.
private struct FaultConnection {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Nil where the peer goes before it has sent a whole request.
    func request() -> FaultServer.Received? {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard bytes.count < 64 << 10, let more = read(1) else { return nil }
            bytes += more
        }
        var request = parse(bytes)
        if request.header("expect")?.lowercased() == "100-continue" {
            guard write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
        }
        let size = request.header("content-length").flatMap { Int($0) } ?? 0
        while request.bodySize < size {
            guard let more = read(min(size - request.bodySize, 64 << 10)) else { return nil }
            request.bodySize += more.count
            if request.body.count + more.count <= FaultServer.keptBytes { request.body += more }
        }
        return request
    }

    private func parse(_ head: [UInt8]) -> FaultServer.Received {
        var request = FaultServer.Received()
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let first = lines[0].components(separatedBy: " ")
        request.method = first.first ?? ""
        request.path = first.dropFirst().first ?? ""
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            request.headers.append((String(line[..<colon]), value))
        }
        return request
    }

    /// Whether the connection stays open.
    func perform(_ steps: [FaultServer.Step]) -> Bool {
        for step in steps {
            switch step {
            case .send(let bytes):
                guard write(bytes) else { return false }
            case .drip(let bytes, let milliseconds):
                for byte in bytes {
                    guard write([byte]), !hasGone(within: milliseconds) else { return false }
                }
            case .flood(let bytes):
                while write(bytes) {}
                return false
            case .hang:
                _ = hasGone(within: -1)
                return false
            case .keepOpen:
                return true
            }
        }
        return false
    }

    private func read(_ count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let read = recv(descriptor, &buffer, count, 0)
        return read > 0 ? Array(buffer.prefix(read)) : nil
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func hasGone(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) != 0
    }
}

/// Sockets on 127.0.0.1.
enum Loopback {
    /// Binds to a free port and listens.
    static func listen(_ socket: Int32) throws(SystemError) -> UInt16 {
        var address = self.address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { (pointer) throws(SystemError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (pointer) throws(SystemError) in
                try SystemError.check("bind") { bind(socket, pointer, size) }
                try SystemError.check("getsockname") { getsockname(socket, pointer, &size) }
            }
        }
        try SystemError.check("listen") { Glibc.listen(socket, 512) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port on which nobody listens.
    static func freePort() throws(SystemError) -> UInt16 {
        let socket = OpenFile(owning: try newSocket())
        return try listen(socket.descriptor)
    }

    static func accepts(_ port: UInt16) throws(SystemError) -> Bool {
        let socket = OpenFile(owning: try newSocket())
        var address = self.address(port: port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func newSocket() throws(SystemError) -> Int32 {
        try SystemError.check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
