import Testing

@testable import kotibctl

@Suite struct EditDifferenceTests {
    private func shown(_ theirs: String, _ mine: String) -> String {
        EditDifference(theirs: theirs, mine: mine).runs.map { run in
            switch run {
            case .both(let words): words.joined(separator: " ")
            case .theirs(let words): "[" + words.joined(separator: " ") + "]"
            case .mine(let words): "{" + words.joined(separator: " ") + "}"
            case .gap: "…"
            }
        }.joined(separator: " ")
    }

    @Test(arguments: [
        ("a b c", "a b c", ""),
        ("a  b\nc", "a b c", ""),
        ("", "", ""),
        ("a", "", "[a]"),
        ("", "a b", "{a b}"),
        ("a b c", "a x c", "a [b] {x} c"),
        ("b c", "a b c", "{a} b c"),
        ("a b", "a b c", "a b {c}"),
        ("a b c d", "a c d e", "a [b] c d {e}"),
        ("qishloq", "qishloq ʻ", "qishloq {ʻ}"),
    ])
    func wordByWord(theirs: String, mine: String, runs: String) {
        #expect(shown(theirs, mine) == runs)
    }

    @Test func distantContextIsLeftOut() {
        let long = (1...40).map(String.init)
        var mine = long
        mine[19] = "x"
        #expect(
            shown(long.joined(separator: " "), mine.joined(separator: " "))
                == "… 15 16 17 18 19 [20] {x} 21 22 23 24 25 …")
        mine[30] = "y"
        #expect(
            shown(long.joined(separator: " "), mine.joined(separator: " "))
                == "… 15 16 17 18 19 [20] {x} 21 22 23 24 25 26 27 28 29 30 [31] {y} 32 33 34 35 36 …")
    }

    @Test func textsThatHaveNothingInCommonAreOneDifference() {
        let theirs = (0..<5000).map { "a\($0)" }.joined(separator: " ")
        let mine = (0..<5000).map { "b\($0)" }.joined(separator: " ")
        #expect(EditDifference(theirs: theirs, mine: mine).runs.count == 2)
    }

    @Test(arguments: [("plain/Path-1.txt", "plain/Path-1.txt"), ("a b'c", #"'a b'\''c'"#), ("", "''")])
    func quoting(text: String, quoted: String) {
        #expect(text.quotedForShell == quoted)
    }
}
