import KotibModel

extension AtomicFile {
    /// Deletes what a crash left of our own writing in one folder.
    ///
    /// - Parameters:
    ///   - names: names in `folder` that begin with ``prefix``; others are passed over.
    ///   - now: nanoseconds since 1970; what changed less than `age` before may still be in use. An
    ///     ``UnfinishedFile`` of this process is, however old.
    /// - Returns: names kept because they may hold a stranger's file: tell the administrator.
    public func removeStaleTemporaries(
        _ names: [[UInt8]], in folder: OpenFile, now: Int64, age: Duration = .seconds(60)
    ) throws(FileError) -> [[UInt8]] {
        var kept: [[UInt8]] = []
        for name in names where name.starts(with: Self.prefix) && !Self.isBeingWritten(name) {
            guard let status = try fileSystem.examine(name, in: folder), status.kind == .regular,
                Duration.nanoseconds(now) - .nanoseconds(status.identity.changed) >= age
            else { continue }
            if name.ends(with: Self.temporarySuffix) || isOurs(name, status) {
                try fileSystem.unlink(name, in: folder)
            } else if name.ends(with: Self.swapSuffix) {
                kept.append(name)
            }
        }
        return kept
    }

    private func isOurs(_ name: [UInt8], _ status: FileStatus) -> Bool {
        guard name.ends(with: Self.swapSuffix) else { return false }
        // The last part is the random one.
        let parts = name.dropFirst(Self.prefix.count).split(separator: UInt8(ascii: "-")).dropLast()
        let inode = hex(status.identity.inode)
        let mark = Self.mark(status.identity)
        return parts.contains { $0.elementsEqual(mark) }
            || parts.first.map { $0.elementsEqual(inode) } ?? false
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: [UInt8]) -> Bool {
        self.suffix(suffix.count).elementsEqual(suffix)
    }
}
