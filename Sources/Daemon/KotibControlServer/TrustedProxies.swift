import Glibc
import HTTPTypes
import HummingbirdCore

/// Web servers in front, and the client addresses that they report.
struct TrustedProxies: Sendable {
    /// The users of the machine that they run as.
    let users: Set<UInt32>

    func contains(_ peer: UInt32) -> Bool { users.contains(peer) }

    /// The key of limits: the client's address if a trusted proxy names it, else the user of the machine.
    func name(of request: Request, from peer: UInt32) -> String {
        if contains(peer), let name = Self.realAddress,
            let network = request.headers[name].flatMap(Self.network)
        {
            return network
        }
        return "uid \(peer)"
    }

    /// Whether a proxy forwarded the request. A proxy that is not configured as trusted may run as root;
    /// requests through it are never the operator's.
    static func isForwarded(_ request: Request) -> Bool {
        forwarding.contains { request.headers.contains($0) }
    }

    /// The headers that nginx is configured to send (etc/nginx/kotib.conf).
    private static let realAddress = HTTPField.Name("X-Real-IP")
    private static let forwarding = ["X-Real-IP", "X-Forwarded-For", "Forwarded", "Via"].compactMap {
        HTTPField.Name($0)
    }

    /// The address, and of an IPv6 one the first 64 bits: a single subscriber has all the others (RFC 6177).
    /// Nil for what is no address.
    static func network(_ text: String) -> String? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { dotted($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        return withUnsafeBytes(of: &six) { bytes in
            // ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2)
            if bytes.prefix(10).allSatisfy({ $0 == 0 }) && bytes[10] == 0xff && bytes[11] == 0xff {
                return dotted(bytes[12...])
            }
            let groups = stride(from: 0, to: 8, by: 2).map { index in
                String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
            }
            return groups.joined(separator: ":") + "::/64"
        }
    }

    private static func dotted(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map(String.init).joined(separator: ".")
    }
}
