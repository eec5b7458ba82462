import GRDB

/// Normalization of text: the same for the index, a person's query and a snippet.
enum SearchText {
    /// Letter case and accents make no difference (https://www.sqlite.org/fts5.html#unicode61_tokenizer).
    static let tokenizer = "unicode61 remove_diacritics 2"
    static let tokenizerDescriptor = FTS5TokenizerDescriptor(
        components: tokenizer.split(separator: " ").map(String.init))

    /// Characters, from ``TranscriptSearch/shortestPrefix`` on; what is longer begins few words.
    static let indexedPrefixes = "3 4 5"

    /// Bytes that are made comparable at a time, at least.
    static let portion = 16_384

    /// Characters written for the apostrophe of Uzbek oʻ, gʻ and ʼ, and of English. They are left out, so
    /// that they do not split a word, all ways to write it are one, and quotation marks of that form do not
    /// matter.
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
    /// Gives the words of `text` one after the other, until `body` returns false. Of a long text no more is
    /// looked at than that takes.
    func forEachWord(in text: String, _ body: (SearchToken) -> Bool) throws {
        var (text, start, goesOn) = (text, 0, true)
        try text.withUTF8 { bytes in
            while goesOn, start < bytes.count {
                let end = Self.end(ofPortionFrom: start, in: bytes)
                goesOn = try forEachWord(in: bytes[start..<end], body)
                start = end
            }
        }
    }

    /// A portion ends with a blank, so that no word is cut, or where there is none within four portions
    /// anywhere.
    private static func end(ofPortionFrom start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let (least, most) = (start + SearchText.portion, min(bytes.count, start + 4 * SearchText.portion))
        guard least < bytes.count else { return bytes.count }
        if let blank = bytes[least..<most].firstIndex(where: { $0 <= UInt8(ascii: " ") }) { return blank + 1 }
        // Not within a character: 10xxxxxx continues one (RFC 3629, section 3).
        return bytes[least..<most].lastIndex { $0 & 0xC0 != 0x80 } ?? most
    }

    /// - Returns: false where `body` did.
    private func forEachWord(
        in portion: Slice<UnsafeBufferPointer<UInt8>>, _ body: (SearchToken) -> Bool
    ) throws -> Bool {
        let plain = TextWithoutApostrophes(portion)
        return try withoutActuallyEscaping(body) { body in
            let visit = TokenVisitor(plain.offsets, body)
            let code = plain.bytes.withUnsafeBytes { bytes in
                tokenize(
                    context: Unmanaged.passUnretained(visit).toOpaque(), tokenization: .document,
                    pText: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), nText: CInt(bytes.count),
                    tokenCallback: TokenVisitor.callback)
            }
            let result = ResultCode(rawValue: code)
            guard result == .SQLITE_OK || result == .SQLITE_DONE else {
                throw DatabaseError(resultCode: result)
            }
            return result == .SQLITE_OK
        }
    }
}

/// The bytes without the apostrophes, and for each its place in the whole text.
private struct TextWithoutApostrophes {
    private(set) var bytes: [UInt8] = []
    private(set) var offsets: [Int] = []

    private static let apostrophes = SearchText.apostrophes.map { Array(String($0).utf8) }
    private static let firstBytes = Set(apostrophes.map { $0[0] })

    init(_ text: Slice<UnsafeBufferPointer<UInt8>>) {
        bytes.reserveCapacity(text.count)
        offsets.reserveCapacity(text.count)
        var place = text.startIndex
        while place < text.endIndex {
            if Self.firstBytes.contains(text[place]),
                let apostrophe = Self.apostrophes.first(where: { text[place...].starts(with: $0) })
            {
                place += apostrophe.count
                continue
            }
            bytes.append(text[place])
            offsets.append(place)
            place += 1
        }
    }
}

/// Carries a Swift closure through the tokenizer's C callback.
private final class TokenVisitor {
    private let offsets: [Int]
    private let body: (SearchToken) -> Bool

    init(_ offsets: [Int], _ body: @escaping (SearchToken) -> Bool) {
        self.offsets = offsets
        self.body = body
    }

    /// A code other than OK ends the tokenizing.
    static let callback: FTS5TokenCallback = { context, _, word, length, start, end in
        guard let context, let word else { return ResultCode.SQLITE_ERROR.rawValue }
        let visit = Unmanaged<TokenVisitor>.fromOpaque(context).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: word, count: Int(length))
        // The last byte and one: what follows may be an apostrophe that closes a quotation.
        let range = visit.offsets[Int(start)]..<visit.offsets[Int(end) - 1] + 1
        let token = SearchToken(word: String(decoding: bytes, as: UTF8.self), range: range)
        return (visit.body(token) ? ResultCode.SQLITE_OK : .SQLITE_DONE).rawValue
    }
}

/// How a long text is cut for the index of words.
enum SearchPieces {
    /// Characters. A longer text is indexed in pieces: some eight hours of speech, and 0.1 s of the writer's
    /// time.
    static let longestWhole = 262_144
    /// Bytes of a piece.
    static let longest = 262_144
    /// Bytes before the end of a piece in which a place to cut is looked for.
    private static let reach = 4096
    /// Beyond the ids of all recordings.
    static let firstID: Int64 = 1 << 40

    /// The whole text in pieces: cut between words where there is a blank soon enough, and never within a
    /// character.
    static func of(_ text: String) -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while rest.utf8.count > longest {
            let end = cut(rest)
            pieces.append(String(rest[..<end]))
            rest = rest[end...]
        }
        if !rest.isEmpty { pieces.append(String(rest)) }
        return pieces
    }

    private static func cut(_ text: Substring) -> String.Index {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: longest)
        // A continuation byte (RFC 3629) is no beginning.
        while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        let from = utf8.index(end, offsetBy: -reach)
        let blank = utf8[from..<end].lastIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        return blank.map { utf8.index(after: $0) } ?? end
    }
}
