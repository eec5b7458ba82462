/// Reads single bytes and short ranges of a file, from its beginning to its end, with buffering by blocks.
struct BlockReader {
    private let source: any ByteSource
    private var block: [UInt8] = []
    private var blockStart: Int64 = 0

    private static let blockSize = 1 << 16

    /// Bytes of the file.
    var size: Int64 { source.size }

    init(_ source: any ByteSource) {
        self.source = source
    }

    /// The byte at `offset`, nil beyond the end.
    /// - Throws: what the source throws, as below.
    mutating func byte(at offset: Int64) throws -> UInt8? {
        guard try load(offset) else { return nil }
        return block[Int(offset - blockStart)]
    }

    /// `count` bytes at `offset`, or nil where the file ends before that.
    mutating func bytes(at offset: Int64, count: Int) throws -> [UInt8]? {
        let bytes = try prefix(at: offset, count: count)
        return bytes.count == count ? bytes : nil
    }

    /// Up to `count` bytes at `offset`: fewer at the end of the file.
    mutating func prefix(at offset: Int64, count: Int) throws -> [UInt8] {
        guard try load(offset) else { return [] }
        let start = Int(offset - blockStart)
        if start + count <= block.count { return Array(block[start..<start + count]) }
        return try source.head(at: offset, count: Int(min(Int64(count), size - offset)))
    }

    /// The next offset of `byte`, from `offset` on. Nil if there is none.
    mutating func next(_ byte: UInt8, from offset: Int64) throws -> Int64? {
        var offset = offset
        while try load(offset) {
            if let index = block[Int(offset - blockStart)...].firstIndex(of: byte) {
                return blockStart + Int64(index)
            }
            offset = blockStart + Int64(block.count)
        }
        return nil
    }

    /// The first byte at `offset` or behind it that is not 0; the end of the file where all are.
    static func endOfZeros(from offset: Int64, in source: any ByteSource) throws -> Int64 {
        var walk = BlockReader(source)
        var offset = offset
        while try walk.load(offset) {
            let rest = walk.block[Int(offset - walk.blockStart)...]
            if let index = rest.firstIndex(where: { $0 != 0 }) { return walk.blockStart + Int64(index) }
            offset = walk.blockStart + Int64(walk.block.count)
        }
        return max(offset, 0)
    }

    /// Whether the block that holds `offset` is there now.
    private mutating func load(_ offset: Int64) throws -> Bool {
        if offset >= blockStart && offset < blockStart + Int64(block.count) { return true }
        guard offset >= 0, offset < size else { return false }
        block = try source.head(at: offset, count: Int(min(Int64(Self.blockSize), size - offset)))
        blockStart = offset
        return !block.isEmpty
    }
}
