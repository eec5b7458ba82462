import Glibc

enum ByteSearch {
    /// The first offset of `needle` in `bytes`. Swift's Glibc has no memmem(3).
    /// - Parameter offset: not before it.
    static func first(_ needle: [UInt8], in bytes: [UInt8], from offset: Int = 0) -> Int? {
        guard let first = needle.first else { return offset }
        return bytes.withUnsafeBytes { haystack in
            guard let base = haystack.baseAddress else { return nil }
            var start = offset
            while haystack.count - start >= needle.count {
                let room = haystack.count - start - needle.count + 1
                guard let found = memchr(base + start, Int32(first), room) else { return nil }
                if memcmp(found, needle, needle.count) == 0 { return UnsafeRawPointer(found) - base }
                start = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }
}
