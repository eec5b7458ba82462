import KotibModel

/// The user for whom a name in the inbox is counted.
enum NameOwner: Hashable {
    /// All names in the inbox itself, including users' folders, count as one user's.
    case inbox
    case user(UserFolder)

    init(of path: InboxPath) {
        self = path.depth == 1 ? .inbox : .user(path.user)
    }

    /// - Parameter folder: the folder that the names lie in; nil for the inbox itself.
    init(ofNamesIn folder: InboxPath?) {
        self = folder.map { .user($0.user) } ?? .inbox
    }
}

/// Counts names for each user.
struct UserCounts {
    private var counts: [NameOwner: Int] = [:]
    private(set) var count = 0

    func count(of owner: NameOwner) -> Int { counts[owner, default: 0] }

    mutating func add(_ owner: NameOwner) {
        counts[owner, default: 0] += 1
        count += 1
    }

    mutating func remove(_ owner: NameOwner) {
        guard let left = counts[owner] else { return }
        counts[owner] = left > 1 ? left - 1 : nil
        count -= 1
    }
}
