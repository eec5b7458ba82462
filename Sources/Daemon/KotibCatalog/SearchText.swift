import GRDB

/// How text is made comparable: in the index, in what a person types and in a snippet alike.
enum SearchText {
    /// Letter case and accents make no difference (https://www.sqlite.org/fts5.html#unicode61_tokenizer).
    static let tokenizer = "unicode61 remove_diacritics 2"
    static let tokenizerDescriptor = FTS5TokenizerDescriptor(
        components: tokenizer.split(separator: " ").map(String.init))

    /// Characters, from ``TranscriptSearch/shortestPrefix`` on; what is longer begins few words.
    static let indexedPrefixes = "3 4 5"

    /// What is written for the apostrophe of Uzbek oʻ, gʻ and ʼ, and of English. They are left out, so that they
    /// do not split a word, all ways to write it are one, and quotation marks of that form do not matter.
    static let apostrophes: [Unicode.Scalar] = [
        "'", "`", "\u{02BB}", "\u{02BC}", "\u{2018}", "\u{2019}",
    ]
}

/// A word as the tokenizer gives it, and the bytes of the text that it came from.
struct SearchToken {
    var word: String
    var range: Range<Int>
}

extension FTS5Tokenizer {
    /// Gives the words of `text` one after the other, until `body` returns false.
    func forEachWord(in text: String, _ body: (SearchToken) -> Bool) throws {
        let plain = TextWithoutApostrophes(text)
        try withoutActuallyEscaping(body) { body in
            let visit = Visit(plain.offsets, body)
            let code = plain.bytes.withUnsafeBytes { bytes in
                tokenize(
                    context: Unmanaged.passUnretained(visit).toOpaque(), tokenization: .document,
                    pText: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), nText: CInt(bytes.count),
                    tokenCallback: Visit.callback)
            }
            let result = ResultCode(rawValue: code)
            guard result == .SQLITE_OK || result == .SQLITE_DONE else {
                throw DatabaseError(resultCode: result)
            }
        }
    }
}

/// The bytes without the apostrophes, and for each where it was.
private struct TextWithoutApostrophes {
    private(set) var bytes: [UInt8] = []
    private(set) var offsets: [Int] = []

    init(_ text: String) {
        bytes.reserveCapacity(text.utf8.count)
        offsets.reserveCapacity(text.utf8.count)
        var offset = 0
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            if !SearchText.apostrophes.contains(scalar) {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                offsets.append(contentsOf: offset..<offset + width)
            }
            offset += width
        }
    }
}

/// Carries a Swift closure through the tokenizer's C callback.
private final class Visit {
    private let offsets: [Int]
    private let body: (SearchToken) -> Bool

    init(_ offsets: [Int], _ body: @escaping (SearchToken) -> Bool) {
        self.offsets = offsets
        self.body = body
    }

    /// A code other than OK ends the tokenizing.
    static let callback: FTS5TokenCallback = { context, _, word, length, start, end in
        guard let context, let word else { return ResultCode.SQLITE_ERROR.rawValue }
        let visit = Unmanaged<Visit>.fromOpaque(context).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: word, count: Int(length))
        // The last byte and one: what follows may be an apostrophe that closes a quotation.
        let range = visit.offsets[Int(start)]..<visit.offsets[Int(end) - 1] + 1
        let token = SearchToken(word: String(decoding: bytes, as: UTF8.self), range: range)
        return (visit.body(token) ? ResultCode.SQLITE_OK : .SQLITE_DONE).rawValue
    }
}
