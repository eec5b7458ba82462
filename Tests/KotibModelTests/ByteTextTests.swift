import KotibModel
import Testing

@Suite struct ByteTextTests {
    @Test func readableTextStaysAsItIs() {
        let text = "uchrashuv — мажлис 会议 🎙.mp3"
        #expect(ByteText.escaped(text.utf8) == text)
    }

    @Test func bytesThatAreNotUTF8AreShownOneByOne() {
        #expect(ByteText.escaped([0x61, 0xFF, 0xC3, 0x62]) == "a\\xff\\xc3b")
        #expect(ByteText.escaped([0xE2, 0x82]) == "\\xe2\\x82")
    }

    /// A log line stays one line, and a terminal is not steered.
    @Test(arguments: [("\n", "\\x0a"), ("\u{1b}[2J", "\\x1b[2J"), ("\u{202e}", "\\xe2\\x80\\xae")])
    func controlCharactersAreShownByTheirBytes(_ text: String, _ shown: String) {
        #expect(ByteText.escaped(text.utf8) == shown)
    }

    @Test func differentBytesNeverLookTheSame() {
        let shown = (UInt8.min...(.max)).map { ByteText.escaped([$0]) }
        #expect(Set(shown).count == 256)
    }
}
