import Testing

@testable import KotibSidecars

/// The same words as different editors write them.
@Suite struct SidecarTextTests {
    private static let words = "Salom, dunyo.\nIkkinchi qator"

    private static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        "\u{FEFF}\(text)".utf16.flatMap { unit -> [UInt8] in
            let bytes = [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)]
            return bigEndian ? bytes.reversed() : bytes
        }
    }

    @Test(arguments: [
        Array(words.utf8), Array("\(words)\n".utf8), Array("\(words)\r\n\r\n".utf8),
        Array("\u{FEFF}\(words)\n".utf8), Array("Salom, dunyo.\r\nIkkinchi qator\r\n".utf8),
        Array("Salom, dunyo.\rIkkinchi qator\r".utf8), utf16("\(words)\r\n", bigEndian: false),
        utf16("\(words)\n", bigEndian: true),
    ])
    func sameWordsHoweverTheyWereSaved(_ bytes: [UInt8]) {
        #expect(SidecarText.words(bytes) == Self.words)
    }

    @Test(
        arguments: [
            [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2],  // Windows-1251
            [0xC3], [0xFF, 0xFE, 0x41], [0xFF, 0xFE, 0x00, 0xD8], [0x41, 0x00, 0x42],
        ] as [[UInt8]])
    func unknownEncodingIsNotGuessed(_ bytes: [UInt8]) {
        #expect(SidecarText.words(bytes) == nil)
    }

    @Test func anEmptiedTextIsNoWords() {
        #expect(SidecarText.words([]) == "")
        #expect(SidecarText.words(Array("\r\n".utf8)) == "")
    }

    @Test func blankLinesWithinStayAndOtherWordsHaveAnotherHash() {
        #expect(SidecarText.words(Array("a\r\n\r\nb".utf8)) == "a\n\nb")
        #expect(SidecarText.hash("a\r\nb\n") == SidecarText.hash("a\nb"))
        #expect(SidecarText.hash("a\nb") != SidecarText.hash("a\n\nb"))
    }
}
