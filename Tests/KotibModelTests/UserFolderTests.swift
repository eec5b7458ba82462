import KotibModel
import Testing

@Suite struct UserFolderTests {
    @Test(arguments: ["", "/", "a/", "/a", "a/b", ".", "..", "a\0b"])
    func refusesWhatIsNoName(_ text: String) {
        #expect(UserFolder(text) == nil)
    }

    @Test func longestNameIs255Bytes() {
        #expect(UserFolder([UInt8](repeating: 0x61, count: 255)) != nil)
        #expect(UserFolder([UInt8](repeating: 0x61, count: 256)) == nil)
    }

    @Test func bytesThatAreNoTextAreKeptAndEscapedForPeople() throws {
        let folder = try #require(UserFolder([0x61, 0xFF, 0x0A]))
        #expect(folder.bytes == [0x61, 0xFF, 0x0A])
        #expect(folder.text == "a\\xff\\x0a" && "\(folder)" == folder.text)
    }

    @Test func isTheFirstFolderOfAPath() throws {
        let path = try #require(InboxPath("alisher/may/talk.mp3"))
        #expect(path.user.bytes == Array("alisher".utf8))
        #expect(path.user.path == InboxPath("alisher"))
    }

    /// As SQLite compares BLOBs.
    @Test func areInTheOrderOfTheirBytes() {
        let folders = ["ab", "a", "B"].compactMap { UserFolder($0) }
        #expect(folders.sorted() == folders.reversed() && folders.count == 3)
    }
}
