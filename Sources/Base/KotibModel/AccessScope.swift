/// What a person may do.
public enum Role: String, Sendable, Codable, CaseIterable {
    case user, admin
}

/// Whose recordings a caller may see and change. It stands in the SQL of every query that is made for a caller.
public enum AccessScope: Hashable, Sendable {
    /// For an admin and the local operator.
    case everyone
    case only(UserID)
}
