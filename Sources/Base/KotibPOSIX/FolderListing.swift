import Glibc

/// One name in a folder.
public struct FolderEntry: Hashable, Sendable {
    /// As the kernel gives it: any bytes but `/` and NUL.
    public var name: [UInt8]
    /// Nil where the file system does not say (DT_UNKNOWN, readdir(3)).
    public var kind: FileStatus.Kind?
}

/// Reads a folder bit by bit, so that a folder of any length takes the same memory. Not for two threads.
public final class FolderListing {
    private let stream: OpaquePointer

    /// Lists `folder`, from the start, by a descriptor of its own.
    public init(_ folder: OpenFile) throws(SystemError) {
        let descriptor = try SystemError.check("openat") {
            openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(descriptor) else {
            let error = SystemError.last("fdopendir")
            close(descriptor)
            throw error
        }
        self.stream = stream
    }

    deinit {
        closedir(stream)
    }

    /// The next names, at most `limit`, without `.` and `..`; empty at the end.
    public func next(_ limit: Int) throws(SystemError) -> [FolderEntry] {
        var entries: [FolderEntry] = []
        while entries.count < limit {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError.last("readdir") }
                break
            }
            let name = Self.name(of: entry)
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            entries.append(FolderEntry(name: name, kind: Self.kind(ofType: entry.pointee.d_type)))
        }
        return entries
    }

    /// Read in place: a copy of the 256-byte field would reach beyond a short record.
    private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 19)
        let length = strlen(start.assumingMemoryBound(to: CChar.self))
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    private static func kind(ofType type: UInt8) -> FileStatus.Kind? {
        switch Int(type) {
        case Int(DT_REG): .regular
        case Int(DT_DIR): .folder
        case Int(DT_LNK): .symbolicLink
        case Int(DT_FIFO): .pipe
        case Int(DT_SOCK): .socket
        case Int(DT_CHR), Int(DT_BLK): .device
        default: nil
        }
    }
}
