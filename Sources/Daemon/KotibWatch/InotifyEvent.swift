import Glibc

/// One event of the kernel (inotify(7)).
struct InotifyEvent: Hashable {
    /// The watch descriptor of the folder; -1 for an overflow.
    var watch: Int32
    var mask: UInt32
    /// The name in that folder; empty where the event is about the folder itself.
    var name: [UInt8]

    func has(_ flag: Int) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
    func has(_ flag: Int32) -> Bool { has(Int(flag)) }
    func has(_ flag: UInt32) -> Bool { mask & flag != 0 }

    /// Parses the result of read(2), which holds whole events only.
    static func parse(_ bytes: [UInt8], _ body: (InotifyEvent) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + headSize <= bytes.count {
                let watch = bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                let name = bytes[(offset + headSize)...].prefix(length).prefix { $0 != 0 }
                body(InotifyEvent(watch: watch, mask: mask, name: Array(name)))
                offset += headSize + length
            }
        }
    }

    /// The fields before the name: wd, mask, cookie, len, 4 bytes each.
    private static let headSize = 16
}
