import CKotibPOSIX
import Glibc

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
