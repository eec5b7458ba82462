/// The word differences of two texts, for a person to read. Spaces and line ends are not compared.
struct WordDifference {
    enum Run: Hashable {
        case both([Substring])
        case theirs([Substring])
        case mine([Substring])
        /// Words that both have and that are left out.
        case gap
    }

    /// As many of the words that both have stand beside a difference.
    private static let context = 5
    /// Words between the first and the last difference are compared in time and memory by the square of their
    /// length; beyond so many words it counts as one difference.
    private static let maxCompared = 2000

    /// Empty where every word is the same.
    let runs: [Run]

    init(theirs: String, mine: String) {
        let theirs = theirs.split(whereSeparator: \.isWhitespace)
        let mine = mine.split(whereSeparator: \.isWhitespace)
        let start = zip(theirs, mine).prefix { $0 == $1 }.count
        let end = zip(theirs.dropFirst(start).reversed(), mine.dropFirst(start).reversed())
            .prefix { $0 == $1 }.count
        let between = Self.compare(
            Array(theirs[start..<theirs.count - end]), Array(mine[start..<mine.count - end]))
        guard !between.isEmpty else {
            runs = []
            return
        }
        let all = [Run.both(Array(theirs[..<start]))] + between + [.both(Array(theirs.suffix(end)))]
        runs = all.indices.flatMap { Self.shorten(all[$0], isFirst: $0 == 0, isLast: $0 == all.count - 1) }
    }

    private static func compare(_ theirs: [Substring], _ mine: [Substring]) -> [Run] {
        guard max(theirs.count, mine.count) <= maxCompared else {
            return [Run.theirs(theirs), .mine(mine)].filter(\.isNotEmpty)
        }
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in mine.difference(from: theirs) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var runs: [Run] = []
        var (old, new) = (0, 0)
        while old < theirs.count || new < mine.count {
            let ahead = new - old
            let both = take(theirs, &old) { !removed.contains($0) && !inserted.contains($0 + ahead) }
            new += both.count
            let gone = take(theirs, &old, while: removed.contains)
            let come = take(mine, &new, while: inserted.contains)
            runs += [Run.both(both), .theirs(gone), .mine(come)].filter(\.isNotEmpty)
        }
        return runs
    }

    private static func take(
        _ words: [Substring], _ index: inout Int, while isWanted: (Int) -> Bool
    ) -> [Substring] {
        let start = index
        let end = words.indices.dropFirst(start).first { !isWanted($0) } ?? words.count
        index = end
        return Array(words[start..<end])
    }

    private static func shorten(_ run: Run, isFirst: Bool, isLast: Bool) -> [Run] {
        guard case .both(let words) = run else { return [run] }
        guard !words.isEmpty else { return [] }
        let before = isFirst ? 0 : context
        let after = isLast ? 0 : context
        guard words.count > before + after + 1 else { return [run] }
        let parts: [Run] = [
            .both(Array(words.prefix(before))), .gap, .both(Array(words.suffix(after))),
        ]
        return parts.filter(\.isNotEmpty)
    }
}

extension WordDifference.Run {
    fileprivate var isNotEmpty: Bool {
        switch self {
        case .both(let words), .theirs(let words), .mine(let words): !words.isEmpty
        case .gap: true
        }
    }
}
