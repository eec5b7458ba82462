import Glibc

extension OpenFile {
    /// The bytes from `start` on, at most `limit`, fewer only at the end of the file; its offset does not count and
    /// stays (pread(2)). May block on the disk.
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
