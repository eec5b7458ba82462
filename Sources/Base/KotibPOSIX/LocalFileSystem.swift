import CKotibPOSIX
import Glibc
import KotibModel

/// The inbox on a real disk. Paths are resolved by openat2(2) beneath the root's descriptor without following
/// links, so that a folder that is swapped for a link at any time leads nowhere else.
public struct LocalFileSystem: FileSystem {
    public let root: InboxRoot

    public init(_ root: InboxRoot) {
        self.root = root
    }

    public func examine(_ path: InboxPath) throws(FileError) -> FileStatus? {
        do {
            return try FileStatus(of: open(path, KOTIB_O_PATH | O_NOFOLLOW))
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: return nil
            default: throw .system(error)
            }
        }
    }

    public func openForReading(_ path: InboxPath) throws(FileError) -> (file: OpenFile, status: FileStatus) {
        let place = try step { () throws(SystemError) in try open(path, KOTIB_O_PATH | O_NOFOLLOW) }
        let kind = try status(of: place).kind
        guard kind == .regular else { throw .notRegular(kind) }
        // O_NONBLOCK: a lease of somebody else (Samba's oplocks) answers EAGAIN instead of stopping us.
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let descriptor = try step { () throws(SystemError) in
            try SystemError.check("open", path.text) {
                Glibc.open("/proc/self/fd/\(place.descriptor)", flags)
            }
        }
        let file = OpenFile(owning: descriptor)
        return (file, try status(of: file))
    }

    public func openFolder(_ path: InboxPath?) throws(FileError) -> OpenFile {
        guard let path else { return root.folder }
        return try step { () throws(SystemError) in try open(path, O_RDONLY | O_DIRECTORY) }
    }

    public func list(_ folder: OpenFile) throws(FileError) -> FolderListing {
        try step { () throws(SystemError) in try FolderListing(folder) }
    }

    public func examine(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> FileStatus? {
        var raw = stat()
        do throws(FileError) {
            try call("fstatat", name) { fstatat(folder.descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) }
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
        return FileStatus(raw)
    }

    public func writer(of name: [UInt8], in folder: OpenFile) throws(FileError) -> WriterCheck {
        // A device is not even touched.
        guard try examine(name, in: folder)?.kind == .regular else { return .none }
        let flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC
        do throws(FileError) {
            let descriptor = try call("openat", name) { openat(folder.descriptor, $0, flags) }
            return WriterCheck(OpenFile(owning: descriptor))
        } catch {
            switch error.code {
            case ENOENT: return .none
            // A lease of somebody else's, such as Samba's oplock, which may cover writing (open(2),
            // O_NONBLOCK).
            case EAGAIN: return .writing
            case EACCES, ELOOP: return .unknown
            default: throw error
            }
        }
    }

    public func create(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return OpenFile(owning: try call("openat", name) { openat(folder.descriptor, $0, flags, 0o600) })
    }

    public func makeFolder(_ name: [UInt8], in folder: OpenFile) throws(FileError) {
        try call("mkdirat", name) { mkdirat(folder.descriptor, $0, 0o700) }
    }

    public func rename(
        _ name: [UInt8], to newName: [UInt8], in folder: OpenFile, _ mode: RenameMode
    ) throws(FileError) {
        do throws(FileError) {
            try call("renameat2", name, newName) {
                kotib_renameat2(folder.descriptor, $0, folder.descriptor, $1, mode.flags)
            }
        } catch {
            guard mode == .keep, error.code == EINVAL else { throw error }
            try link(name, to: newName, in: folder)
        }
    }

    /// Replaces RENAME_NOREPLACE on file systems without it (NFS): link(2) never replaces either.
    func link(_ name: [UInt8], to newName: [UInt8], in folder: OpenFile) throws(FileError) {
        try call("linkat", name, newName) { linkat(folder.descriptor, $0, folder.descriptor, $1, 0) }
        try unlink(name, in: folder)
    }

    public func move(
        _ name: [UInt8], from folder: OpenFile, to newName: [UInt8], in newFolder: OpenFile
    ) throws(FileError) {
        do throws(FileError) {
            try call("renameat2", name, newName) {
                kotib_renameat2(folder.descriptor, $0, newFolder.descriptor, $1, KOTIB_RENAME_NOREPLACE)
            }
        } catch {
            guard error.code == EINVAL else { throw error }
            // As ``link(_:to:in:)``.
            try call("linkat", name, newName) {
                linkat(folder.descriptor, $0, newFolder.descriptor, $1, 0)
            }
            try unlink(name, in: folder)
        }
    }

    public func unlink(_ name: [UInt8], in folder: OpenFile) throws(FileError) {
        try call("unlinkat", name) { unlinkat(folder.descriptor, $0, 0) }
    }

    public func status(of file: OpenFile) throws(FileError) -> FileStatus {
        try step { () throws(SystemError) in try FileStatus(of: file) }
    }

    public func write(_ bytes: [UInt8], to file: OpenFile) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try step { () throws(SystemError) in
                try SystemError.check("write") {
                    rest.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
                }
            }
            rest = rest.dropFirst(written)
        }
    }

    public func setOwner(_ owner: UInt32?, group: UInt32, of file: OpenFile) throws(FileError) {
        _ = try step { () throws(SystemError) in
            try SystemError.check("fchown") { fchown(file.descriptor, owner ?? .max, group) }
        }
    }

    public func setPermissions(_ permissions: UInt16, of file: OpenFile) throws(FileError) {
        _ = try step { () throws(SystemError) in
            try SystemError.check("fchmod") { fchmod(file.descriptor, mode_t(permissions)) }
        }
    }

    public func setModified(_ time: Int64, of file: OpenFile) throws(FileError) {
        _ = try step { () throws(SystemError) in
            try SystemError.check("futimens") { kotib_set_modified(file.descriptor, time) }
        }
    }

    public func synchronize(_ file: OpenFile) throws(FileError) {
        _ = try step { () throws(SystemError) in try SystemError.check("fsync") { fsync(file.descriptor) } }
    }
}

extension LocalFileSystem {
    private func open(_ path: InboxPath, _ flags: Int32) throws(SystemError) -> OpenFile {
        let resolve = KOTIB_RESOLVE_BENEATH | KOTIB_RESOLVE_NO_SYMLINKS | KOTIB_RESOLVE_NO_MAGICLINKS
        let root = root.folder
        let descriptor = try SystemError.check("openat2", path.text) {
            withCString(path.bytes) {
                kotib_openat2(root.descriptor, $0, UInt64(flags | O_CLOEXEC), 0, resolve)
            }
        }
        return OpenFile(owning: descriptor)
    }

    private func step<Value>(_ body: () throws(SystemError) -> Value) throws(FileError) -> Value {
        do { return try body() } catch { throw .system(error) }
    }

    /// One call on one name of an open folder.
    @discardableResult
    private func call(
        _ operation: String, _ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32
    ) throws(FileError) -> Int32 {
        try call(operation, name, name) { first, _ in body(first) }
    }

    @discardableResult
    private func call(
        _ operation: String, _ name: [UInt8], _ other: [UInt8],
        _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    ) throws(FileError) -> Int32 {
        // A name with a slash would be a path, resolved without openat2's promises.
        guard InboxPath(name)?.depth == 1, InboxPath(other)?.depth == 1 else {
            throw .system(SystemError(code: EINVAL, operation: operation, path: ByteText.escaped(name)))
        }
        return try step { () throws(SystemError) in
            try SystemError.check(operation, ByteText.escaped(other)) {
                withCString(name) { first in withCString(other) { second in body(first, second) } }
            }
        }
    }
}

extension RenameMode {
    fileprivate var flags: UInt32 {
        switch self {
        case .keep: KOTIB_RENAME_NOREPLACE
        case .exchange: KOTIB_RENAME_EXCHANGE
        case .replace: 0
        }
    }
}

/// Lends `bytes`, which hold no NUL, as a C string.
func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
}
