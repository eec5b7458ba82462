import Foundation
import Glibc
import KotibPOSIX
import Synchronization

/// An HTTP/1.1 server on loopback or a Unix socket that answers as badly as it is told, and remembers what it
/// was asked.
///
/// One thread accepts, one more serves each connection; both end with the server.
public final class FaultServer: Sendable {
    /// A request as it came.
    public struct Received: Sendable {
        /// Request line and headers, to the empty line.
        public internal(set) var head = ""
        public internal(set) var method = ""
        public internal(set) var path = ""
        public internal(set) var headers: [(name: String, value: String)] = []
        /// The first ``keptBytes`` of the body.
        public internal(set) var body: [UInt8] = []
        /// Bytes of the body, kept or not.
        public internal(set) var bodySize = 0
        /// Counted from 0.
        public internal(set) var connection = 0

        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// One step of the reaction to a request.
    public enum Step: Sendable {
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

    /// 0 for a Unix socket.
    public let port: UInt16
    private let listener: OpenFile
    /// Owns the listener's descriptor, if that is a Unix socket.
    private let socket: ListeningSocket?
    private let answer: @Sendable (Received) -> [Step]
    private let state = Mutex(State())

    private struct State {
        var received: [Received] = []
        var connections: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var received: [Received] { state.withLock { $0.received } }
    public var accepted: Int { state.withLock { $0.accepted } }
    /// Connections that stand now.
    public var open: Int { state.withLock { $0.connections.count } }

    /// Reads each whole request, then does the steps of `answer`, then closes the connection.
    /// - Parameter path: of a Unix socket to listen at; nil for a port of loopback.
    public init(unixSocket path: String? = nil, _ answer: @escaping @Sendable (Received) -> [Step]) throws {
        self.answer = answer
        if let path {
            let socket = try ListeningSocket(path: path, mode: 0o600, group: nil)
            listener = OpenFile(owning: try SystemError.check("dup") { dup(socket.descriptor) })
            self.socket = socket
            port = 0
        } else {
            (listener, port) = try Loopback.listen()
            socket = nil
        }
        thread("fault-accept") { [listener, weak self] in
            while true {
                let connection = accept(listener.descriptor, nil, nil)
                guard connection >= 0 || errno == EINTR || errno == ECONNABORTED else { break }
                if connection >= 0, self?.serve(connection) == nil { close(connection) }
            }
        }
    }

    deinit { stop() }

    public func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            Glibc.shutdown(listener.descriptor, Int32(SHUT_RDWR))
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
