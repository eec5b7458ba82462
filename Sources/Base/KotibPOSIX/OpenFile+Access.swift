import CKotibPOSIX
import Glibc

extension OpenFile {
    /// Whether an access list (acl(5)) says who may read the file: the group's bits of its mode are then not the
    /// group's, but the most that anybody in the list has.
    public var hasAccessList: Bool { kotib_has_access_list(descriptor) == 1 }

    /// Asks whether names in this folder may be changed, as far as its mode and its file system say.
    /// - Throws: ``SystemError`` of faccessat(2): EACCES, EROFS.
    public func checkNamesMayChange() throws(SystemError) {
        try SystemError.check("faccessat") { faccessat(descriptor, ".", W_OK | X_OK, AT_EACCESS) }
    }
}
