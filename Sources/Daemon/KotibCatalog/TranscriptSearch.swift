import GRDB
import KotibModel

/// A person's search query, as words to find.
///
/// Nothing that is typed reaches FTS5 but words as its own tokenizer gives them, which are letters and
/// digits: there is no syntax to get wrong, and none to misuse.
struct TranscriptSearch {
    /// The number of words of a query that count: more would exceed limits of FTS5.
    static let maxWords = 64
    /// Characters. A shorter prefix matches too much of the language and is treated as a word.
    static let shortestPrefix = 3

    /// One word, or several that follow one another.
    struct Term: Hashable {
        var words: [String]
        /// Whether the last word may go on.
        var isPrefix: Bool
    }

    let terms: [Term]
    private let tokenizer: any FTS5Tokenizer

    /// Nil if `query` has no word, so that nothing matches.
    init?(_ query: String, _ tokenizer: any FTS5Tokenizer) throws {
        var terms: [Term] = []
        var wordsLeft = Self.maxWords
        for piece in Self.pieces(query) where wordsLeft > 0 {
            var words: [String] = []
            try tokenizer.forEachWord(in: piece.text) { token in
                words.append(token.word)
                return words.count < wordsLeft
            }
            guard let last = words.last else { continue }
            wordsLeft -= words.count
            let term = Term(
                words: words, isPrefix: piece.isPrefix && last.unicodeScalars.count >= Self.shortestPrefix)
            if !terms.contains(term) { terms.append(term) }
        }
        guard !terms.isEmpty else { return nil }
        self.terms = terms
        self.tokenizer = tokenizer
    }

    /// In FTS5's language: all of the terms.
    func expression(user: UserID?) -> String { expression(terms, user) }

    /// Each of the terms by itself.
    func expressions(user: UserID?) -> [String] { terms.map { expression([$0], user) } }

    private func expression(_ terms: [Term], _ user: UserID?) -> String {
        let words = terms.map { term in
            "\"\(term.words.joined(separator: " "))\"\(term.isPrefix ? " *" : "")"
        }
        let text = "text : (\(words.joined(separator: " AND ")))"
        guard let user else { return text }
        return "owner : \"u\(user.rawValue)\" AND \(text)"
    }

    func snippet(of text: String) throws -> [SnippetPart] {
        var finder = MatchFinder(terms)
        try tokenizer.forEachWord(in: text) { finder.goesOn(after: $0) }
        return Snippet.parts(of: text, matches: finder.matches)
    }

    /// Phrases in quotation marks of any form, and words. An unclosed mark is ignored.
    private static func pieces(_ query: String) -> [(text: String, isPrefix: Bool)] {
        let parts = query.unicodeScalars.split(
            omittingEmptySubsequences: false, whereSeparator: quotationMarks.contains)
        return parts.enumerated().flatMap { index, part in
            let text = String(Substring(part))
            let isPhrase = index % 2 == 1 && index < parts.count - 1
            if isPhrase { return [(text: text, isPrefix: false)] }
            return text.split(whereSeparator: \.isWhitespace).map { word in
                (text: String(word), isPrefix: word.hasSuffix("*"))
            }
        }
    }

    private static let quotationMarks: Set<Unicode.Scalar> = [
        "\"", "\u{201C}", "\u{201D}", "\u{201E}", "\u{00AB}", "\u{00BB}",
    ]
}
