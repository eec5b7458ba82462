import Foundation
import Glibc
import KotibPOSIX

/// A file without a name, gone when closed.
public func temporaryFile(size: Int64 = 0, _ bytes: [UInt8] = []) throws -> OpenFile {
    let folder = FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/kotib-test-XXXXXX".utf8CString)
    let descriptor = try SystemError.check("mkstemp") { mkstemp(&template) }
    unlink(template)
    let file = OpenFile(owning: descriptor)
    if !bytes.isEmpty { try SystemError.check("write") { pwrite(descriptor, bytes, bytes.count, 0) } }
    if size > 0 { try SystemError.check("ftruncate") { ftruncate(descriptor, off_t(size)) } }
    return file
}
