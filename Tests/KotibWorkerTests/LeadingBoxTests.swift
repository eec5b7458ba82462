import KotibModel
import Testing

@testable import KotibWorker

/// MP4 and QuickTime files that begin with another box than `ftyp`.
@Suite struct LeadingBoxTests {
    private func recording() throws -> [UInt8] { try Recording("m4a", "m4a").bytes(seconds: 2) }

    private func box(_ kind: String, _ size: Int) -> [UInt8] {
        [0, 0, UInt8(size >> 8), UInt8(size & 0xff)] + Array(kind.utf8)
            + [UInt8](repeating: 0, count: size - 8)
    }

    /// `leading`, with what is in the place of `ftyp` as long as that, so that the index stays right.
    private func replacingFileType(_ leading: (Int) -> [UInt8]) throws -> [UInt8] {
        let bytes = try recording()
        let size = Int(bytes[3])
        try #require(bytes[4..<8].elementsEqual("ftyp".utf8) && size >= 24)
        return leading(size) + bytes[size...]
    }

    @Test(arguments: ["free", "skip", "wide", "pnot", "uuid", "styp", "junk"])
    func orderOfEventsDoesNotMatter(_ kind: String) throws {
        let expected = try decode(recording(), "m4a")
        let single = try replacingFileType { box(kind, $0) }
        // An owner's own box begins with the owner's 16 bytes.
        let short = kind == "uuid" ? "free" : kind
        let several = try replacingFileType { box(short, 8) + box("wide", 8) + box(short, $0 - 16) }
        for bytes in [single, several] {
            for ending in ["m4a", "mov", "mp3"] {
                let facts = try inspect(bytes, ending)
                #expect(facts.container == Container.mov.rawValue && facts.mediaType == "audio/mp4")
                #expect(abs(facts.duration - 2) < 0.1 && facts.warnings.isEmpty)
            }
            #expect(try decode(bytes, "m4a") == expected)
            #expect(try refusal(Array(bytes.dropLast(100)), "m4a") == .incomplete)
        }
    }

    @Test func aLongSizeIsRead() throws {
        let bytes = try replacingFileType {
            [0, 0, 0, 1] + Array("free".utf8) + [0, 0, 0, 0, 0, 0, 0, UInt8($0)]
                + [UInt8](repeating: 0, count: $0 - 16)
        }
        #expect(abs(try inspect(bytes, "m4a").duration - 2) < 0.1)
    }

    /// `bytes` behind `leading`, with the index (`stco`, ISO/IEC 14496-12, 8.7.5) set right.
    private func moving(_ bytes: [UInt8], behind leading: [UInt8]) throws -> [UInt8] {
        var bytes = bytes
        let entries = try #require(bytes.firstRange(of: Array("stco".utf8))).upperBound + 8
        let count = Int(bytes.bigEndian(at: entries - 4, count: 4))
        try #require(count > 0)
        for entry in 0..<count {
            let place = entries + 4 * entry
            let offset = bytes.bigEndian(at: place, count: 4) + UInt64(leading.count)
            for index in 0..<4 {
                bytes[place + index] = UInt8(truncatingIfNeeded: offset >> (24 - 8 * index))
            }
        }
        return leading + bytes
    }

    /// A good recording behind 100 empty boxes was refused.
    @Test(arguments: [65, 100, 500, 9000]) func manyEmptyBoxesArePassedOver(_ count: Int) throws {
        let plain = try recording()
        for kind in ["free", "wide"] {
            let bytes = try moving(plain, behind: (0..<count).flatMap { _ in box(kind, 8) })
            let facts = try inspect(bytes, "m4a")
            #expect(facts.container == Container.mov.rawValue && facts.mediaType == "audio/mp4")
            #expect(abs(facts.duration - 2) < 0.1 && facts.warnings.isEmpty)
            #expect(try decode(bytes, "m4a") == decode(plain, "m4a"))
        }
    }

    @Test func truncatedSignatureIsIncomplete() throws {
        for bytes in [
            box("free", 4000), box("wide", 8) + box("free", 200), Array(box("free", 4000)[..<1000]),
        ] {
            #expect(try refusal(bytes, "m4a") == .incomplete)
            #expect(throws: RejectionDetail.fragment) { try inspect(bytes, "m4a", takesIncomplete: true) }
        }
    }

    @Test func sizesThatCannotBeAreNone() throws {
        let tail = try recording()
        let text = Array("Our free time is over, and so is this. ".utf8) + tail
        #expect(try Container(signature: FileSource(.holding(text))) == nil)
        for size: [UInt8] in [[0, 0, 0, 7], [0, 0, 0, 1], [0xff, 0xff, 0xff, 0xff]] {
            let bytes = size + Array("free".utf8) + [UInt8](repeating: 0xff, count: 100) + tail
            #expect(try Container(signature: FileSource(.holding(bytes))) == nil)
        }
        // More of them than are read.
        let many = (0...MP4Layout.maxLeading).flatMap { _ in box("free", 8) } + tail
        #expect(try Container(signature: FileSource(.holding(many))) == nil)
        let unknown = try replacingFileType { box("what", $0) }
        #expect(try Container(signature: FileSource(.holding(unknown))) == nil)
    }
}
