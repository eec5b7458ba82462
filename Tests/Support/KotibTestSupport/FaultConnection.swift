import Foundation
import Glibc

/// One connection of a ``FaultServer``, used by its thread.
struct FaultConnection {
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
        request.head = String(decoding: head, as: UTF8.self)
        let lines = request.head.components(separatedBy: "\r\n")
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
