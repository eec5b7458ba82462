import KotibPOSIX

/// An access list (acl(5)) by which one user reads a file and the group does not, as `setfacl` makes it: its
/// mode looks like 0640, whose group's bits are the list's mask.
public enum AccessList {
    /// Version 2: the owner rw-, the user r--, the group ---, the mask r--, others ---
    /// (linux/posix_acl_xattr.h).
    private static func bytes(_ user: UInt16) -> [UInt8] {
        let none: [UInt8] = [255, 255, 255, 255]
        var list: [UInt8] = [2, 0, 0, 0, 1, 0, 6, 0] + none
        list += [2, 0, 4, 0, UInt8(user & 0xFF), UInt8(user >> 8), 0, 0]
        list += [4, 0, 0, 0] + none
        list += [16, 0, 4, 0] + none
        return list + [32, 0, 0, 0] + none
    }

    /// - Parameter isDefault: of a folder, for what is made in it.
    /// - Returns: false where the file system has no access lists.
    public static func set(_ path: String, reader: UInt16, isDefault: Bool = false) async throws -> Bool {
        let program =
            "import os,sys; os.setxattr(sys.argv[1], sys.argv[2], bytes(map(int, sys.argv[3:])))"
        let name = "system.posix_acl_" + (isDefault ? "default" : "access")
        let made = try await Command.run(
            "python3", ["-c", program, path, name] + bytes(reader).map { String($0) })
        return made.end == .exited(0)
    }
}
