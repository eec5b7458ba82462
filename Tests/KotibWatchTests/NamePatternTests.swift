import Testing

@testable import KotibWatch

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("talk", ["talk", "TALK"], ["talks", "tal", ""]),
        ("*", ["", "a", ".a", "a.b"], []),
        ("*.part", [".part", "a.PART"], ["a.part.mp3", "apart", "part"]),
        ("~$*", ["~$", "~$a.doc"], ["~a$", "a~$"]),
        ("a*b*c", ["abc", "aXbYc", "abbcbc"], ["acb", "abcd", "ab"]),
        ("*a*", ["a", "banana"], ["bn"]),
        ("a?c", ["abc", "a c", "a.c"], ["ac", "abbc"]),
        ("found.[0-9][0-9]", ["found.07", "FOUND.99"], ["found.a7", "found.7"]),
        ("[!a-c]x", ["dx", "-x"], ["ax", "BX", "x"]),
        ("[]x]", ["]", "x"], ["[", "a"]),
        ("[a-]", ["a", "-"], ["b"]),
        (#"\*\?\[\\"#, [#"*?[\"#], ["a?[b"]),
        ("[Q-S]", ["q", "R"], ["t"]),
        ("[[:digit:]]", ["7"], ["a", "[", ":"]),
        (#"[\]a]"#, ["]", "A"], ["\\", "b"]),
        ("é*", ["é.mp3"], ["e.mp3"]),
    ])
    func matches(_ pattern: String, _ taken: [String], _ left: [String]) throws {
        let pattern = try #require(NamePattern(pattern))
        for name in taken { #expect(pattern.matches(Array(name.utf8)), "\(name)") }
        for name in left { #expect(!pattern.matches(Array(name.utf8)), "\(name)") }
    }

    @Test func bytesThatAreNoTextAreBytes() throws {
        #expect(try #require(NamePattern("a?b")).matches([0x61, 0xFF, 0x62]))
        #expect(try #require(NamePattern("*.mp3")).matches([0xC3] + Array(".mp3".utf8)))
        #expect(try #require(NamePattern("[!a]")).matches([0xFE]))
        #expect(try #require(NamePattern("É")).matches(Array("É".utf8)))
        #expect(try !#require(NamePattern("É")).matches(Array("é".utf8)))
        #expect(try #require(NamePattern("a*c")).matches(Array("a\n\u{1B}c".utf8)))
    }

    @Test(arguments: ["", "/", "a/b", "/a", "[", "[a", "[]", "[!]", "[b-a]", "a\\", "a\0b"])
    func invalidPatternIsRefused(_ text: String) {
        #expect(NamePattern(text) == nil)
    }

    @Test func aSlashAtTheEndIsForFolders() throws {
        #expect(try #require(NamePattern("old/")).isForFolders)
        #expect(try !#require(NamePattern("old")).isForFolders)
        #expect(try #require(NamePattern("old/")).matches(Array("old".utf8)))
    }

    /// A matcher that tries every way to divide the name would not end.
    @Test(.timeLimit(.minutes(1))) func manyRunsTakeNoTime() throws {
        let pattern = try #require(NamePattern(String(repeating: "*a", count: 120) + "b"))
        #expect(!pattern.matches([UInt8](repeating: 0x61, count: 255)))
    }
}
