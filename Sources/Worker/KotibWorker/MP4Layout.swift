import KotibModel

/// The boxes at the top of an MP4 or QuickTime file (ISO/IEC 14496-12, 4.2).
enum MP4Layout {
    /// The known top-level boxes. Anything else after the sound and its index is garbage of the uploader.
    private static let known: Set<String> = [
        "ftyp", "styp", "moov", "mdat", "moof", "free", "skip", "wide", "udta", "meta", "uuid", "pnot",
        "sidx", "ssix", "mfra", "prft", "emsg", "pdin",
    ]
    private static let maxBoxes = 1_000_000

    /// Boxes that may precede the one that shows what the file is: free space, a preview of old
    /// QuickTime (QuickTime File Format, "Movie atoms" and "Preview atoms"), an owner's own.
    private static let leading: Set<String> = [
        "free", "skip", "wide", "uuid", "styp", "pnot", "PICT", "pict", "junk", "udta", "meta", "sidx",
        "ssix", "prft", "emsg", "pdin",
    ]
    /// Of each, at most 16 bytes are read. Editors that blank out boxes leave hundreds of empty ones.
    static let maxLeading = 10_000
    /// Bytes of one.
    private static let longestLeading: Int64 = 1 << 24

    /// Whether such a file begins at `start`: with `ftyp`, or with others before it or before what it is
    /// about. What begins with these themselves is libmagic's to know: they are words that a text may begin
    /// with, too.
    /// - Throws: ``Rejection/incomplete`` where the file ends before any of them.
    static func begins(in source: any ByteSource, at start: Int64) throws -> Bool {
        if try source.head(at: start + 4, count: 4) == Array("ftyp".utf8) { return true }
        var offset = start
        for count in 0..<maxLeading {
            guard let box = try Box(source, at: offset) else {
                if count > 0 { throw Rejection.incomplete }
                return false
            }
            if count > 0, ["ftyp", "moov", "mdat", "moof"].contains(box.kind) { return true }
            guard leading.contains(box.kind), let end = box.end, end - offset < longestLeading else {
                return false
            }
            offset = end
        }
        return false
    }

    /// - Throws: ``Rejection/incomplete`` where a box ends beyond the end of the file, or the index is
    ///   missing.
    static func check(_ source: any ByteSource) throws {
        var offset: Int64 = 0
        var seen: Set<String> = []
        for _ in 0..<maxBoxes {
            guard offset < source.size else { break }
            guard let box = try Box(source, at: offset) else { break }
            let isComplete = seen.isSuperset(of: ["moov", "mdat"])
            if isComplete && !known.contains(box.kind) { return }
            guard let end = box.end, end <= source.size else { throw Rejection.incomplete }
            seen.insert(box.kind)
            offset = end
        }
        if !seen.isSuperset(of: ["moov", "mdat"]) { throw Rejection.incomplete }
    }

    /// The beginning of each recording, if several were joined: with a box that comes once in a file.
    static func starts(in source: any ByteSource) throws -> [Int64] {
        var offset: Int64 = 0
        var seen: Set<String> = []
        var starts: [Int64] = [0]
        for _ in 0..<maxBoxes {
            guard offset < source.size, let box = try Box(source, at: offset), let end = box.end else {
                break
            }
            if box.kind == "ftyp", seen.isSuperset(of: ["ftyp", "moov", "mdat"]) {
                starts.append(offset)
                if starts.count == RecordingPart.most { break }
                seen = []
            }
            seen.insert(box.kind)
            offset = end
        }
        return starts
    }

    private struct Box {
        var kind: String
        /// The offset of the next one. Nil for an impossible size.
        var end: Int64?

        init?(_ source: any ByteSource, at offset: Int64) throws {
            guard let header = try source.bytes(at: offset, count: 8) else { return nil }
            kind = String(decoding: header[4...], as: UTF8.self)
            switch header.bigEndian(at: 0, count: 4) {
            case 0:
                end = source.size
            case 1:
                guard let long = try source.bytes(at: offset + 8, count: 8) else { return nil }
                end = Self.end(offset, long.bigEndian(at: 0, count: 8), least: 16)
            case let size:
                end = Self.end(offset, size, least: 8)
            }
        }

        private static func end(_ offset: Int64, _ size: UInt64, least: UInt64) -> Int64? {
            guard size >= least, let size = Int64(exactly: size) else { return nil }
            let (end, overflow) = offset.addingReportingOverflow(size)
            return overflow ? nil : end
        }
    }
}
