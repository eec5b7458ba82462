import KotibModel

/// Counts names for each user.
struct UserCounts {
    private var counts: [[UInt8]: Int] = [:]
    private(set) var count = 0

    /// The user that a name is counted for: the one who has the first-level folder. All names in the inbox
    /// itself, those folders too, count as one user's.
    static func owner(of path: InboxPath) -> [UInt8] { path.depth == 1 ? [] : path.user }

    func count(of owner: [UInt8]) -> Int { counts[owner, default: 0] }

    mutating func add(_ owner: [UInt8]) {
        counts[owner, default: 0] += 1
        count += 1
    }

    mutating func remove(_ owner: [UInt8]) {
        guard let left = counts[owner] else { return }
        counts[owner] = left > 1 ? left - 1 : nil
        count -= 1
    }
}
