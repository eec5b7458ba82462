/// A range of a file as a recording of its own, with corrected bytes in its header, without which libav would
/// skip sound. The file itself is not changed.
final class Excerpt: ByteSource {
    /// Replaces bytes of the file.
    struct Patch: Hashable {
        /// In the file.
        var offset: Int64
        var bytes: [UInt8]
    }

    /// Swaps the byte order of numbers.
    struct ByteOrderSwap: Hashable {
        /// In the file: of the first number.
        var start: Int64
        /// Bytes of one.
        var width: Int
    }

    let size: Int64
    private let source: any ByteSource
    private let range: Range<Int64>
    private let patches: [Patch]
    private let swap: ByteOrderSwap?

    /// - Parameter range: of bytes of `source`, within it.
    init(_ source: any ByteSource, _ range: Range<Int64>, patches: [Patch] = [], swap: ByteOrderSwap? = nil) {
        self.source = source
        self.range = range
        self.patches = patches
        self.swap = swap
        size = Int64(range.count)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        guard offset >= 0, offset < size else { return 0 }
        let wanted = UnsafeMutableRawBufferPointer(
            rebasing: buffer.prefix(Int(min(Int64(buffer.count), size - offset))))
        let start = range.lowerBound + offset
        let count = try source.read(into: wanted, at: start)
        if let swap { try turn(wanted, start..<start + Int64(count), swap) }
        for patch in patches {
            for (index, byte) in patch.bytes.enumerated() {
                let place = patch.offset + Int64(index) - start
                if place >= 0, place < Int64(count) { wanted[Int(place)] = byte }
            }
        }
        return count
    }

    /// Turns the numbers in `bytes`, which lie at `place` of the file; the first and the last may be parts of
    /// one.
    private func turn(_ bytes: UnsafeMutableRawBufferPointer, _ place: Range<Int64>, _ swap: ByteOrderSwap)
        throws
    {
        let width = Int64(swap.width)
        let first = max(place.lowerBound, swap.start)
        guard width > 1, first < place.upperBound else { return }
        let start = first - (first - swap.start) % width
        let whole = try source.head(at: start, count: Int(place.upperBound - start) + swap.width)
        for offset in first..<place.upperBound {
            let index = Int(offset - start)
            let number = index - index % swap.width
            guard number + swap.width <= whole.count else { return }
            bytes[Int(offset - place.lowerBound)] = whole[2 * number + swap.width - 1 - index]
        }
    }
}
