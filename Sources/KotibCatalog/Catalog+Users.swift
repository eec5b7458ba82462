import FoundationEssentials
import KotibModel

/// A row of `users`.
public struct User: Hashable, Sendable, Identifiable {
    public var id: UserID
    /// E.164: `+998901234567`. Nil until linked.
    public var phone: String?
    /// The first-level folder that is this user's inbox.
    public var folder: [UInt8]
    public var role: Role
    public var isActive: Bool
    public var created: Date
    public var settings: UserSettings
}

extension Catalog {
    public func user(_ id: UserID) async throws(CatalogError) -> User? {
        fatalError("helper A")
    }
}
