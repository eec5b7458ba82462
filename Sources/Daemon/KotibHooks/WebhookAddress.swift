/// The URL of webhooks.
public enum WebhookAddress {
    public enum Fault: Hashable, Sendable {
        /// It is no URL of the schemes `https` and `http`, or it holds a user's name.
        case malformed
        /// Unencrypted requests could be read and changed on the way.
        case unencrypted
    }

    /// The problem with a URL. Nil if it is usable.
    /// - Parameter plain: whether `http` to other machines is allowed.
    public static func fault(of url: String, plain: Bool) -> Fault? {
        let isEncrypted = url.hasPrefix("https://")
        guard isEncrypted || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return .malformed }
        let authority = url.drop { $0 != "/" }.dropFirst(2).prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@"), authority.first != ":" else { return .malformed }
        return isEncrypted || plain || isLoopback(authority) ? nil : .unencrypted
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.prefix { $0 != ":" }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
