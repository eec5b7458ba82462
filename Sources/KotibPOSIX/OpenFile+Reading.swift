import Glibc

extension OpenFile {
    /// The first bytes of the file, at most `limit`, whatever its offset (pread(2)). May block on the disk.
    public func read(upTo limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var failure: SystemError?
            let offset = bytes.count
            let part = [UInt8](unsafeUninitializedCapacity: min(limit - offset, 1 << 16)) { buffer, count in
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
