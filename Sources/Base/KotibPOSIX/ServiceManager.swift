import Glibc

/// Reports the daemon's state to systemd or another service manager (sd_notify(3)), without libsystemd.
public struct ServiceManager: Sendable {
    /// The interval in which `WATCHDOG=1` must be sent; half of it is a good interval. Nil without a
    /// watchdog.
    public let watchdog: Duration?
    private let address: [UInt8]?

    /// - Parameter environment: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read (sd_notify(3),
    ///   sd_watchdog_enabled(3)).
    public init(environment: [String: String]) {
        let path = Array((environment["NOTIFY_SOCKET"] ?? "").utf8)
        switch path.first {
        case UInt8(ascii: "/"): address = path
        case UInt8(ascii: "@"): address = [0] + path.dropFirst()
        default: address = nil
        }
        let isOurs = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
        let interval = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = isOurs && interval > 0 ? .microseconds(interval) : nil
    }

    /// Sends lines such as `READY=1` or `STATUS=…`, joined by newlines. Does nothing where nobody listens.
    /// - Throws: ``SystemError`` of sendto(2).
    public func notify(_ state: String) throws(SystemError) {
        guard let address else { return }
        var peer = sockaddr_un()
        guard address.count < MemoryLayout.size(ofValue: peer.sun_path) else {
            throw SystemError(code: ENAMETOOLONG, operation: "sendto", path: "NOTIFY_SOCKET")
        }
        peer.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &peer.sun_path) { $0.copyBytes(from: address) }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = OpenFile(owning: try SystemError.check("socket") { Glibc.socket(AF_UNIX, type, 0) })
        // An abstract address is as long as it is, without a closing NUL (unix(7)).
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + address.count
        let bytes = Array(state.utf8)
        try SystemError.check("sendto", "NOTIFY_SOCKET") {
            withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
                }
            }
        }
    }
}
