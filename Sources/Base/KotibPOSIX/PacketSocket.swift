import CKotibPOSIX
import Glibc

/// One end of a Unix socket that keeps packets apart (SOCK_SEQPACKET, unix(7)) and carries descriptors.
public final class PacketSocket: Sendable {
    /// The longest packet, in bytes: well below the default send buffer of 212,992 (net.core.wmem_default).
    public static let longestPacket = 128 * 1024
    /// Descriptors that a packet can carry.
    static let maxFiles = Int(KOTIB_MOST_DESCRIPTORS)

    let file: OpenFile
    public var descriptor: Int32 { file.descriptor }

    /// Takes over `descriptor`.
    public init(owning descriptor: Int32) {
        file = OpenFile(owning: descriptor)
    }

    /// Two connected ends, both closed on exec.
    /// - Throws: ``SystemError`` of socketpair(2).
    public static func pair() throws(SystemError) -> (PacketSocket, PacketSocket) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemError.check("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        return (PacketSocket(owning: ends[0]), PacketSocket(owning: ends[1]))
    }

    /// Sends one packet, with at most ``maxFiles`` descriptors beside it (the peer gets its own copies).
    /// - Throws: ``SystemError`` of sendmsg(2): EPIPE where the peer is gone, EAGAIN where the socket does
    ///   not block and is full.
    public func send(_ bytes: [UInt8], passing passed: [Int32] = []) throws(SystemError) {
        try SystemError.check("sendmsg") {
            bytes.withUnsafeBytes {
                kotib_send_packet(descriptor, $0.baseAddress, $0.count, passed, passed.count)
            }
        }
    }

    /// The next packet and the descriptors that came with it, in their order; nil at the end of the
    /// connection.
    /// - Throws: ``SystemError`` of recvmsg(2): EAGAIN where the socket does not block and is empty, EMSGSIZE
    ///   for a packet over ``longestPacket`` or with more than ``maxFiles`` descriptors.
    public func receive() throws(SystemError) -> (bytes: [UInt8], files: [OpenFile])? {
        var passed = [Int32](repeating: -1, count: Self.maxFiles)
        var received = 0
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.longestPacket) { buffer, count in
            do throws(SystemError) {
                count = try SystemError.check("recvmsg") {
                    kotib_receive_packet(descriptor, buffer.baseAddress, buffer.count, &passed, &received)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if bytes.isEmpty && received == 0 { return nil }
        return (bytes, passed.prefix(received).map(OpenFile.init(owning:)))
    }
}
