import Testing

@testable import KotibModel

struct WordDifferenceTests {
    private func matches(_ old: [Int], _ new: [Int]) -> [[Int]] {
        WordDifference(old: old, new: new).matches.map { [$0.old, $0.new] }
    }

    @Test func wordsInBothTextsMatch() {
        #expect(matches([1, 2, 3], [1, 2, 3]) == [[0, 0], [1, 1], [2, 2]])
        #expect(matches([1, 2, 3], [1, 9, 3]) == [[0, 0], [2, 2]])
        #expect(matches([1, 2, 3], [2]) == [[1, 0]])
        #expect(matches([1, 1, 1], [1, 1]) == [[0, 0], [1, 1]])
        #expect(matches([1, 2], [3, 4]).isEmpty)
        #expect(matches([], [1]).isEmpty && matches([1], []).isEmpty && matches([], []).isEmpty)
    }

    @Test(arguments: 0..<100) func matchesRiseAndAreTrue(seed: UInt64) {
        var samples = SpeechSamples(seed: seed)
        let vocabulary = samples.number(1..<400)
        let old = (0..<samples.number(0..<500)).map { _ in samples.number(0..<vocabulary) }
        let new =
            old.filter { _ in samples.number(0..<5) > 0 }
            + (0..<samples.number(0..<200)).map { _ in samples.number(0..<vocabulary) }
        let found = matches(old, new)
        #expect(found.allSatisfy { old[$0[0]] == new[$0[1]] })
        #expect(zip(found, found.dropFirst()).allSatisfy { $0[0] < $1[0] && $0[1] < $1[1] })
    }

    /// The difference of short texts is exact.
    @Test(arguments: 0..<40) func shortTextsGetTheLongestCommonPart(seed: UInt64) {
        var samples = SpeechSamples(seed: seed)
        let old = (0..<samples.number(0..<9)).map { _ in samples.number(0..<4) }
        let new = (0..<samples.number(0..<9)).map { _ in samples.number(0..<4) }
        #expect(matches(old, new).count == Self.longestCommon(old[...], new[...]))
    }

    private static func longestCommon(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> Int {
        guard let first = a.first, let second = b.first else { return 0 }
        if first == second { return 1 + longestCommon(a.dropFirst(), b.dropFirst()) }
        return max(longestCommon(a.dropFirst(), b), longestCommon(a, b.dropFirst()))
    }

    /// Anchors inside anchors inside anchors: as deep as it goes.
    @Test func deepNestingEnds() {
        let old = (0..<60_000).map { $0 % 3 == 0 ? $0 : $0 % 7 }
        let new = old.reversed() + old
        let found = matches(old, new)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0[0] < $1[0] && $0[1] < $1[1] })
    }

    @Test(arguments: [
        ("Salom,", "salom"), ("«Dunyo»!", "dunyo"), ("o'zbek", "o'zbek"), ("--", "--"), ("", ""),
    ]) func signsAndCaseAreNoDifference(word: String, key: String) {
        #expect(WordDifference.key(word[...]) == key)
    }
}
