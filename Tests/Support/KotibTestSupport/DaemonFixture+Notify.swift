import Dispatch
import Glibc
import KotibPOSIX
import Synchronization

/// The socket that systemd hands to a service (sd_notify(3)): datagrams with lines such as `READY=1`.
final class NotifySocket: Sendable {
    let path: String
    private let source: Mutex<any DispatchSourceRead>
    private let inbox: Inbox

    private final class Inbox: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// - Parameter path: at most 107 bytes (unix(7)).
    init(at path: String) throws {
        self.path = path
        let descriptor = try SystemError.check("socket") {
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        try SystemError.check("bind", path) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
            }
        }
        let inbox = Inbox()
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 {
                let text = String(decoding: bytes[..<count], as: UTF8.self)
                inbox.lines.withLock { $0 += text.split(separator: "\n").map(String.init) }
            }
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
        self.inbox = inbox
        self.source = Mutex(source)
    }

    deinit { source.withLock { $0.cancel() } }

    /// Every line since the daemon's last start.
    var received: [String] { inbox.lines.withLock { $0 } }

    func forget() { inbox.lines.withLock { $0 = [] } }
}

extension DaemonFixture {
    /// Waits for a line that begins so, such as `STATUS=`, and returns it.
    public func awaitNotification(_ beginning: String, within limit: Duration = .seconds(30)) async throws
        -> String
    {
        try await eventually("kotibd tells systemd \(beginning)", within: limit) {
            notifications.received.first { $0.hasPrefix(beginning) }
        }
    }

    /// How often kotibd has sent this line since its last start.
    public func count(ofNotification line: String) -> Int {
        notifications.received.count { $0 == line }
    }
}
