/// Which words of one text stand in another too, in the same order: patience diff
/// (https://bramcohen.livejournal.com/73318.html), with the exact answer for short stretches.
///
/// Its cost is bounded: O(n log n) for each of at most ``deepest`` levels, and ``largestTable`` cells for
/// a stretch. Where a stretch is too large and has no word that stands once on both sides, its words count as
/// replaced.
package struct WordDifference {
    private static let deepest = 24
    private static let largestTable = 16_384

    private let old: [Int]
    private let new: [Int]
    /// Rising in both.
    package private(set) var matches: [(old: Int, new: Int)] = []

    package init(old: some Collection<Substring>, new: some Collection<Substring>, key: (Substring) -> String)
    {
        var numbers: [String: Int] = [:]
        let number = { (word: Substring) -> Int in
            let (key, next) = (key(word), numbers.count)
            numbers[key] = numbers[key] ?? next
            return numbers[key] ?? next
        }
        self.init(old: old.map(number), new: new.map(number))
    }

    /// - Parameters: numbers that are equal where the words are.
    init(old: [Int], new: [Int]) {
        self.old = old
        self.new = new
        compare(old.indices, new.indices, depth: 0)
    }

    /// A word without case and without the signs around it: correcting those does not move it.
    static func key(_ word: Substring) -> String {
        let isSign = { (character: Character) in character.isPunctuation || character.isSymbol }
        let rest = word.drop(while: isSign)
        guard let last = rest.lastIndex(where: { !isSign($0) }) else { return String(word) }
        return rest[...last].lowercased()
    }

    private mutating func compare(_ a: Range<Int>, _ b: Range<Int>, depth: Int) {
        var (a, b) = (a, b)
        while let i = a.first, let j = b.first, old[i] == new[j] {
            matches.append((i, j))
            (a, b) = (a.dropFirst(), b.dropFirst())
        }
        var tail: [(old: Int, new: Int)] = []
        while let i = a.last, let j = b.last, old[i] == new[j] {
            tail.append((i, j))
            (a, b) = (a.dropLast(), b.dropLast())
        }
        if !a.isEmpty, !b.isEmpty { compareMiddle(a, b, depth: depth) }
        matches += tail.reversed()
    }

    private mutating func compareMiddle(_ a: Range<Int>, _ b: Range<Int>, depth: Int) {
        if a.count <= Self.largestTable / b.count {
            matches += longestCommon(a, b)
            return
        }
        guard depth < Self.deepest else { return }
        let anchors = Self.longestRising(unique(a, b))
        guard !anchors.isEmpty else { return }
        var (i, j) = (a.lowerBound, b.lowerBound)
        for anchor in anchors {
            compare(i..<anchor.old, j..<anchor.new, depth: depth + 1)
            matches.append(anchor)
            (i, j) = (anchor.old + 1, anchor.new + 1)
        }
        compare(i..<a.upperBound, j..<b.upperBound, depth: depth + 1)
    }

    /// Words that stand once on each side, in the order of `new`.
    private func unique(_ a: Range<Int>, _ b: Range<Int>) -> [(old: Int, new: Int)] {
        var places: [Int: Int?] = [:]
        for i in a { places.updateValue(places[old[i]] == nil ? i : nil, forKey: old[i]) }
        var counts: [Int: Int] = [:]
        for j in b { counts[new[j], default: 0] += 1 }
        return b.compactMap { j in
            guard counts[new[j]] == 1, let place = places[new[j]], let place else { return nil }
            return (place, j)
        }
    }

    /// The longest part of `pairs` that rises in `old` too.
    private static func longestRising(_ pairs: [(old: Int, new: Int)]) -> [(old: Int, new: Int)] {
        var ends: [Int] = []
        var previous = Array(repeating: -1, count: pairs.count)
        for (index, pair) in pairs.enumerated() {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].old < pair.old { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = ends[low - 1] }
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var rising: [(old: Int, new: Int)] = []
        var index = ends.last ?? -1
        while index >= 0 {
            rising.append(pairs[index])
            index = previous[index]
        }
        return rising.reversed()
    }

    private func longestCommon(_ a: Range<Int>, _ b: Range<Int>) -> [(old: Int, new: Int)] {
        let width = b.count + 1
        var lengths = Array(repeating: 0, count: (a.count + 1) * width)
        for i in a.indices.reversed() {
            for j in b.indices.reversed() {
                let cell = (i - a.lowerBound) * width + j - b.lowerBound
                lengths[cell] =
                    old[i] == new[j]
                    ? lengths[cell + width + 1] + 1 : max(lengths[cell + width], lengths[cell + 1])
            }
        }
        var common: [(old: Int, new: Int)] = []
        var (i, j) = (a.lowerBound, b.lowerBound)
        while i < a.upperBound, j < b.upperBound {
            let cell = (i - a.lowerBound) * width + j - b.lowerBound
            if old[i] == new[j] {
                common.append((i, j))
                (i, j) = (i + 1, j + 1)
            } else if lengths[cell + width] >= lengths[cell + 1] {
                i += 1
            } else {
                j += 1
            }
        }
        return common
    }
}
