import KotibModel

/// The word differences of two texts, for a person to read. Spaces and line ends are not compared.
struct EditDifference {
    enum Run: Hashable {
        case both([Substring])
        case theirs([Substring])
        case mine([Substring])
        /// Words that both have and that are left out.
        case gap
    }

    /// As many of the words that both have stand beside a difference.
    private static let context = 5

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
        let matches = WordDifference(old: theirs, new: mine, key: String.init).matches
        var (runs, both): ([Run], [Substring]) = ([], [])
        var (old, new) = (0, 0)
        for match in matches + [(old: theirs.count, new: mine.count)] {
            if match.old > old || match.new > new {
                runs += [
                    .both(both), .theirs(Array(theirs[old..<match.old])), .mine(Array(mine[new..<match.new])),
                ]
                both = []
            }
            both += theirs[match.old...].prefix(1)
            (old, new) = (match.old + 1, match.new + 1)
        }
        return (runs + [.both(both)]).filter(\.isNotEmpty)
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

extension EditDifference.Run {
    fileprivate var isNotEmpty: Bool {
        switch self {
        case .both(let words), .theirs(let words), .mine(let words): !words.isEmpty
        case .gap: true
        }
    }
}
