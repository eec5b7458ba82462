import KotibCatalog
import KotibModel
import Testing

@testable import KotibSidecars

@Suite struct SidecarNameTests {
    @Test func standsBesideTheRecordingWithItsFullName() throws {
        let wav = SidecarName.candidates(for: try #require(InboxPath("a/b/c.wav")), kind: .transcript)
        #expect(wav.map(\.text) == ["a/b/c.wav.txt", "a/b/c.wav.kotib.txt"])
        let mp3 = SidecarName.candidates(for: try #require(InboxPath("a/b/c.mp3")), kind: .transcript)
        #expect(Set(wav).isDisjoint(with: mp3))
    }

    @Test(arguments: 1...255)
    func everyLengthHasAName(length: Int) throws {
        for letter in ["a", "ў", "€", "😀"] {
            var name = Array(repeating: Array(letter.utf8), count: 255).joined().prefix(length)
            if letter == "a" { name = name.prefix(length) }
            for ending in [".txt", ".kotib-rejected.txt"] {
                let sidecar = SidecarName.name(Array(name), ending: ending)
                #expect(sidecar.count <= 255)
                #expect(sidecar.suffix(ending.utf8.count).elementsEqual(ending.utf8))
            }
        }
    }

    @Test func longNamesAreCutBetweenCharacters() {
        let name = Array(String(repeating: "ў", count: 127).utf8) + [0x61]
        let sidecar = SidecarName.name(name, ending: ".txt")
        #expect(String(validating: sidecar, as: UTF8.self) != nil)
    }

    @Test func longNamesThatBeginAlikeStayApart() {
        let a = [UInt8](repeating: 0x61, count: 254)
        #expect(SidecarName.name(a + [1], ending: ".txt") != SidecarName.name(a + [2], ending: ".txt"))
    }
}
