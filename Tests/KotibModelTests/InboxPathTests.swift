import Testing

@testable import KotibModel

@Suite struct InboxPathTests {
    @Test(arguments: ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a/./b", "a\0b"])
    func refusesWhatIsNoPath(_ text: String) {
        #expect(InboxPath(text) == nil)
    }

    @Test func longestNameIs255Bytes() {
        #expect(InboxPath([UInt8](repeating: 0x61, count: 255)) != nil)
        #expect(InboxPath([UInt8](repeating: 0x61, count: 256)) == nil)
    }

    @Test func everyByteButSlashAndNulIsAName() throws {
        for byte in UInt8.min...(.max) where byte != 0 && byte != UInt8(ascii: "/") {
            #expect(InboxPath([0x61, byte])?.bytes == [0x61, byte])
        }
    }

    @Test func partsAreFound() throws {
        let path = try #require(InboxPath("alisher/may/talk.mp3"))
        #expect(path.user.bytes == Array("alisher".utf8))
        #expect(path.name == Array("talk.mp3".utf8))
        #expect(path.parent?.text == "alisher/may")
        #expect(path.depth == 3)
        #expect(path.sibling(Array("talk.mp3.txt".utf8))?.text == "alisher/may/talk.mp3.txt")
        #expect(path.parent?.parent?.parent == nil)
        #expect(path.appending(Array("..".utf8)) == nil)
    }

    /// ext4 keeps both forms of one name apart, although Swift's strings call them equal.
    @Test func composedAndDecomposedNamesAreTwo() throws {
        let composed = try #require(InboxPath("caf\u{e9}.mp3"))
        let decomposed = try #require(InboxPath("cafe\u{301}.mp3"))
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
    }
}
