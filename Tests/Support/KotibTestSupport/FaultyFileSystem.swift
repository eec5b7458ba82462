import Glibc
import KotibModel
import KotibPOSIX
import Synchronization

/// Passes every step on to another file system, but lets chosen ones fail: before they happen, with an error.
public final class FaultyFileSystem: FileSystem {
    /// One step that was asked for: its number from 0 on, and its name, such as `synchronize`.
    public struct Step: Hashable, Sendable {
        public var number: Int
        public var name: String
    }

    private let base: any FileSystem
    private let fault: @Sendable (Step) -> Int32?
    private let log = Mutex<[String]>([])

    /// - Parameter fault: the errno(3) value that a step fails with, or nil to let it happen.
    public init(_ base: any FileSystem, fault: @escaping @Sendable (Step) -> Int32?) {
        self.base = base
        self.fault = fault
    }

    /// Lets the step of that number fail once.
    public convenience init(_ base: any FileSystem, failing number: Int, with code: Int32) {
        self.init(base) { $0.number == number ? code : nil }
    }

    /// The names of all steps so far, in order.
    public var steps: [String] { log.withLock { $0 } }

    private func step(_ name: String) throws(FileError) {
        let number = log.withLock { steps in
            steps.append(name)
            return steps.count - 1
        }
        if let code = fault(Step(number: number, name: name)) {
            throw .system(SystemError(code: code, operation: name, path: "injected"))
        }
    }
}

extension FaultyFileSystem {
    public func examine(_ path: InboxPath) throws(FileError) -> FileStatus? {
        try step("examine")
        return try base.examine(path)
    }

    public func openForReading(_ path: InboxPath) throws(FileError) -> (file: OpenFile, status: FileStatus) {
        try step("openForReading")
        return try base.openForReading(path)
    }

    public func openFolder(_ path: InboxPath?) throws(FileError) -> OpenFile {
        try step("openFolder")
        return try base.openFolder(path)
    }

    public func list(_ folder: OpenFile) throws(FileError) -> FolderListing {
        try step("list")
        return try base.list(folder)
    }

    public func examine(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> FileStatus? {
        try step("examine")
        return try base.examine(name, in: folder)
    }

    public func writer(of name: [UInt8], in folder: OpenFile) throws(FileError) -> WriterCheck {
        try step("writer")
        return try base.writer(of: name, in: folder)
    }

    public func create(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> OpenFile {
        try step("create")
        return try base.create(name, in: folder)
    }

    public func makeFolder(_ name: [UInt8], in folder: OpenFile) throws(FileError) {
        try step("makeFolder")
        try base.makeFolder(name, in: folder)
    }

    public func rename(
        _ name: [UInt8], to newName: [UInt8], in folder: OpenFile, _ mode: RenameMode
    ) throws(FileError) {
        try step("rename \(mode)")
        try base.rename(name, to: newName, in: folder, mode)
    }

    public func move(
        _ name: [UInt8], from folder: OpenFile, to newName: [UInt8], in newFolder: OpenFile
    ) throws(FileError) {
        try step("move")
        try base.move(name, from: folder, to: newName, in: newFolder)
    }

    public func unlink(_ name: [UInt8], in folder: OpenFile) throws(FileError) {
        try step("unlink")
        try base.unlink(name, in: folder)
    }

    public func status(of file: OpenFile) throws(FileError) -> FileStatus {
        try step("status")
        return try base.status(of: file)
    }

    public func write(_ bytes: [UInt8], to file: OpenFile) throws(FileError) {
        try step("write")
        try base.write(bytes, to: file)
    }

    public func setOwner(_ owner: UInt32?, group: UInt32, of file: OpenFile) throws(FileError) {
        try step("setOwner")
        try base.setOwner(owner, group: group, of: file)
    }

    public func setPermissions(_ permissions: UInt16, of file: OpenFile) throws(FileError) {
        try step("setPermissions")
        try base.setPermissions(permissions, of: file)
    }

    public func setModified(_ time: Int64, of file: OpenFile) throws(FileError) {
        try step("setModified")
        try base.setModified(time, of: file)
    }

    public func synchronize(_ file: OpenFile) throws(FileError) {
        try step("synchronize")
        try base.synchronize(file)
    }
}
