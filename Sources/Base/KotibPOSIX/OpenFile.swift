import CKotibPOSIX
import Glibc

/// An open descriptor with one owner: closed when the last reference goes.
public final class OpenFile: Sendable {
    /// Valid for as long as this object lives: keep the object, not the number.
    public let descriptor: Int32

    /// Takes over `descriptor`.
    public init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}

extension OpenFile {
    /// The most bytes that Linux keeps (`XATTR_SIZE_MAX`, linux/limits.h).
    private static let longestAccessList = 65_536

    /// The access list (acl(5)) as the kernel has it; empty where the mode alone says who may read the file.
    /// May block on the disk.
    var accessList: [UInt8] {
        var list = [UInt8](repeating: 0, count: Self.longestAccessList)
        let size = list.withUnsafeMutableBytes { kotib_access_list(descriptor, $0.baseAddress, $0.count) }
        return size > 0 ? Array(list.prefix(size)) : []
    }

    /// Asks whether names in this folder may be changed, as far as its mode and its file system say.
    /// - Throws: ``SystemError`` of faccessat(2): EACCES, EROFS.
    public func checkNamesMayChange() throws(SystemError) {
        try SystemError.check("faccessat") { faccessat(descriptor, ".", W_OK | X_OK, AT_EACCESS) }
    }
}

extension OpenFile {
    /// The bytes from `start` on, at most `limit`, fewer only at the end of the file; its offset does not
    /// count and stays (pread(2)). May block on the disk.
    public func read(upTo limit: Int, from start: Int64 = 0) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var failure: SystemError?
            let offset = start + Int64(bytes.count)
            let wanted = min(limit - bytes.count, 1 << 16)
            let part = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                do throws(SystemError) {
                    count = try SystemError.check("pread") {
                        pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                    }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }
}

extension OpenFile {
    /// A nameless file in memory that holds `bytes`, to be read from its beginning.
    ///
    /// As a program's standard input it needs no writer: a program that reads nothing or ends early causes no
    /// error and no delay.
    /// - Parameter name: for /proc only.
    /// - Throws: ``SystemError`` of memfd_create(2) or write(2).
    public static func inMemory(_ name: String, holding bytes: [UInt8]) throws(SystemError) -> OpenFile {
        let file = OpenFile(owning: try SystemError.check("memfd_create") { kotib_memory_file(name) })
        var written = 0
        while written < bytes.count {
            written += try SystemError.check("write", name) {
                bytes[written...].withUnsafeBytes { write(file.descriptor, $0.baseAddress, $0.count) }
            }
        }
        try SystemError.check("lseek", name) { lseek(file.descriptor, 0, SEEK_SET) }
        return file
    }

    /// A file without a name that lies in memory, of `size` bytes that are zero, for another process to fill.
    ///
    /// Its size is sealed: nobody who gets the descriptor can make it longer or shorter, so that who reads it
    /// later finds all its bytes. Memory is taken only for pages that are written.
    /// - Parameter name: for /proc only.
    /// - Throws: ``SystemError`` of memfd_create(2), ftruncate(2) or fcntl(2).
    public static func inMemory(_ name: String, size: Int64) throws(SystemError) -> OpenFile {
        OpenFile(
            owning: try SystemError.check("memfd_create", name) { kotib_memory_buffer(name, off_t(size)) })
    }
}
