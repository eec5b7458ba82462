import Glibc
import KotibPOSIX

/// Ports of this machine's own.
public enum Loopback {
    /// A listening socket on 127.0.0.1 and the port that the kernel chose for it.
    public static func listen() throws -> (OpenFile, UInt16) {
        let descriptor = try SystemError.check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        let owner = OpenFile(owning: descriptor)
        var address = ipv4(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try SystemError.check("bind") { bind(descriptor, address, size) }
                try SystemError.check("listen") { Glibc.listen(descriptor, 512) }
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
