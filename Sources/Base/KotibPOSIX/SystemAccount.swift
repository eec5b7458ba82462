import Glibc

/// Accounts of this machine, as the name service knows them (nsswitch.conf(5)).
public enum SystemAccount {
    /// The first user id of people's accounts (`UID_MIN`, login.defs(5)), and that of `nobody`.
    private static let people: ClosedRange<UInt32> = 1000...65_533
    private static let nobody: UInt32 = 65_534

    /// The groups that an account is in (getgrouplist(3)); nil where there is no account of that number.
    /// Blocks, as ``person(named:)`` does.
    static let groups: @Sendable (UInt32) -> Set<UInt32>? = { user in
        var size = 4096
        while size <= 1 << 20 {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var room = [CChar](repeating: 0, count: size)
            let code = getpwuid_r(user, &entry, &room, room.count, &found)
            if code == ERANGE {
                size *= 2
                continue
            }
            guard code == 0, found != nil, let name = entry.pw_name else { return nil }
            return groups(of: name, entry.pw_gid)
        }
        return nil
    }

    private static func groups(of name: UnsafePointer<CChar>, _ primary: UInt32) -> Set<UInt32> {
        var count: Int32 = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(name, primary, &groups, &count) >= 0 {
                return Set(groups.prefix(Int(count)))
            }
            // It says how many there are; `NGROUPS_MAX` is 65,536 (limits.h).
            guard count > room, count <= 65_536 else { return [primary] }
        }
    }

    /// The number of a person's account; nil where there is no account of that name, or it is a service's.
    /// Blocks, for as long as a directory on the network takes to answer.
    public static func person(named name: [UInt8]) -> UInt32? {
        guard !name.isEmpty, !name.contains(0) else { return nil }
        // The buffer size that the manual calls enough for most (getpwnam_r(3)), doubled on ERANGE.
        var size = 4096
        while size <= 1 << 20 {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var room = [CChar](repeating: 0, count: size)
            let code = withCString(name) { getpwnam_r($0, &entry, &room, room.count, &found) }
            if code == ERANGE {
                size *= 2
                continue
            }
            guard code == 0, found != nil else { return nil }
            return people.contains(entry.pw_uid) || entry.pw_uid > nobody ? entry.pw_uid : nil
        }
        return nil
    }
}
