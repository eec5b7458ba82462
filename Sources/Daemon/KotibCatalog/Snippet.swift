/// Finds terms in a text whose words come one by one; ends soon after the first.
struct MatchFinder {
    private let terms: [TranscriptSearch.Term]
    private let longest: Int
    private var recent: [SearchToken] = []
    /// In bytes of the text, rising, none overlapping.
    private(set) var matches: [Range<Int>] = []

    init(_ terms: [TranscriptSearch.Term]) {
        self.terms = terms
        longest = terms.map(\.words.count).max() ?? 0
    }

    /// - Returns: false once the following words cannot be in the snippet.
    mutating func goesOn(after token: SearchToken) -> Bool {
        if let first = matches.first, token.range.lowerBound > first.lowerBound + Snippet.maxBytes {
            return false
        }
        if recent.count == longest { recent.removeFirst() }
        recent.append(token)
        for term in terms where ends(with: term) {
            add(recent[recent.count - term.words.count].range.lowerBound..<token.range.upperBound)
        }
        return true
    }

    private func ends(with term: TranscriptSearch.Term) -> Bool {
        let words = recent.suffix(term.words.count).map(\.word)
        guard words.count == term.words.count, let last = words.last, let wanted = term.words.last else {
            return false
        }
        return words.dropLast().elementsEqual(term.words.dropLast())
            && (term.isPrefix ? last.hasPrefix(wanted) : last == wanted)
    }

    private mutating func add(_ match: Range<Int>) {
        var match = match
        while let last = matches.last, last.upperBound > match.lowerBound {
            match = min(last.lowerBound, match.lowerBound)..<max(last.upperBound, match.upperBound)
            matches.removeLast()
        }
        matches.append(match)
    }
}

/// Cuts a stretch out of a text.
enum Snippet {
    /// Characters, about.
    private static let length = 160
    /// Characters before the first match.
    private static let lead = 40
    /// More than `length` characters of any script have.
    static let maxBytes = length * 4

    /// - Parameter matches: in bytes of the text, rising, none overlapping.
    static func parts(of text: String, matches: [Range<Int>]) -> [SnippetPart] {
        guard !text.isEmpty else { return [] }
        let window = window(in: text, around: matches.first)
        var parts: [SnippetPart] = []
        var position = window.lowerBound
        for match in matches {
            let start = text.utf8.index(text.startIndex, offsetBy: match.lowerBound)
            guard start < window.upperBound else { break }
            let end = min(text.utf8.index(start, offsetBy: match.count), window.upperBound)
            if position < start {
                parts.append(SnippetPart(text: String(text[position..<start]), isMatch: false))
            }
            parts.append(SnippetPart(text: String(text[start..<end]), isMatch: true))
            position = end
        }
        if position < window.upperBound {
            parts.append(SnippetPart(text: String(text[position..<window.upperBound]), isMatch: false))
        }
        if window.lowerBound > text.startIndex { parts.insert(ellipsis, at: 0) }
        if window.upperBound < text.endIndex { parts.append(ellipsis) }
        return parts
    }

    private static let ellipsis = SnippetPart(text: "…", isMatch: false)

    /// Whole words, where there are spaces between them.
    private static func window(in text: String, around match: Range<Int>?) -> Range<String.Index> {
        let center = text.utf8.index(text.startIndex, offsetBy: match?.lowerBound ?? 0)
        let centerEnd = text.utf8.index(center, offsetBy: match?.count ?? 0)
        var start = text.index(center, offsetBy: -lead, limitedBy: text.startIndex) ?? text.startIndex
        if start > text.startIndex, let space = text[start..<center].firstIndex(where: \.isWhitespace) {
            start = text.index(after: space)
        }
        var end = text.index(start, offsetBy: length, limitedBy: text.endIndex) ?? text.endIndex
        if end < text.endIndex, centerEnd < end,
            let space = text[centerEnd..<end].lastIndex(where: \.isWhitespace)
        {
            end = space
        }
        return start..<max(start, end)
    }
}
