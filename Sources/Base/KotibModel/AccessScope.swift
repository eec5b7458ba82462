/// A user's role.
public enum Role: String, Sendable, Codable, CaseIterable {
    case user, admin
}

/// The recordings that a caller may see and change. It is part of the SQL of every query that is made for a
/// caller.
public enum AccessScope: Hashable, Sendable {
    /// For an admin and the local operator.
    case everyone
    case only(UserID)
}
