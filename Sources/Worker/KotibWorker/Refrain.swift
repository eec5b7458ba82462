/// One word or phrase said again and again, and nothing else.
struct Refrain: Hashable, Sendable {
    /// As they were heard the first time.
    private let words: [Word]
    /// How often it is heard. A last one that breaks off counts too.
    let count: Int
    /// Whether a sentence ends, or a comma stands, after it.
    private let isParted: Bool

    struct Word: Hashable, Sendable {
        var text: String
        /// Whether nothing parts it from the word before.
        var isJoined: Bool
    }

    /// Words; what is longer is a text that is said twice.
    private static let longest = 8

    /// Nil of a text in which something else is said, or nothing.
    init?(_ text: String) {
        let all = Self.words(in: text)
        let plain = all.map { $0.text.lowercased() }
        let periods = 1...max(1, min(Self.longest, plain.count))
        let period = periods.first { period in
            plain.indices.dropFirst(period).allSatisfy { index in
                let expected = plain[index % period]
                return plain[index] == expected
                    || (index == plain.count - 1 && expected.hasPrefix(plain[index]))
            }
        }
        guard let period, !all.isEmpty else { return nil }
        words = Array(all.prefix(period))
        count = (all.count + period - 1) / period
        isParted = text.contains { ".,;!?。，！？".contains($0) }
    }

    /// Of a single time.
    var text: String {
        let text = words.enumerated().reduce(into: "") { text, word in
            text += (word.offset == 0 || word.element.isJoined ? "" : " ") + word.element.text
        }
        return isParted ? text + "." : text
    }

    func saysTheSame(as other: Refrain) -> Bool {
        words.map { $0.text.lowercased() } == other.words.map { $0.text.lowercased() }
    }

    /// The words of `text`, without marks between them. Where a script sets none apart, each character counts
    /// as one, and so does each digit: "555" is said as often as "five five five".
    static func words(in text: String) -> [Word] {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "'" && $0 != "’" && $0 != "-" }
            .filter { $0.contains { $0.isLetter || $0.isNumber } }
            .flatMap { run in
                run.indices.reduce(into: [Word]()) { words, index in
                    let character = run[index]
                    let goesOn =
                        index > run.startIndex && !isWord(character) && !isWord(run[run.index(before: index)])
                    if goesOn {
                        words[words.count - 1].text.append(character)
                    } else {
                        words.append(Word(text: String(character), isJoined: index > run.startIndex))
                    }
                }
            }
    }

    /// Whether a character is a word of its own: digits, Thai to Khmer, kana and ideographs (Unicode blocks).
    private static func isWord(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        return switch scalar.value {
        case 0x30...0x39, 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF,
            0x3400...0x9FFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}

/// How often something was said, by the spans that the voice detection heard: what is said eight times,
/// Whisper hears seven times, or nine, or once, or without end.
extension SpeechWindow {
    /// Spans that are too few to tell.
    private static let fewest = 3

    /// Samples (0.25 s): a shorter pause is one within a word or a phrase.
    private static let shortestPause = 4_000

    /// The same with those pieces as one between which no pause lies.
    var withWholePhrases: SpeechWindow {
        var whole = self
        whole.pieces = pieces.reduce(into: []) { whole, piece in
            guard let last = whole.last, last.span.audio.upperBound == piece.span.audio.lowerBound,
                piece.span.speech.lowerBound - last.span.speech.upperBound < Self.shortestPause
            else { return whole.append(piece) }
            whole[whole.count - 1] = SpeechPiece(
                span: VoiceSpan(
                    speech: last.span.speech.lowerBound..<piece.span.speech.upperBound,
                    audio: last.span.audio.lowerBound..<piece.span.audio.upperBound),
                samples: last.samples + piece.samples)
        }
        return whole
    }

    /// Whether each span may hold the same: none lasts twice as long as another, nor as long as a sentence
    /// (2.5 s).
    var hasEqualSpans: Bool {
        let lengths = pieces.map(\.span.speech.count)
        guard pieces.count >= Self.fewest, let longest = lengths.max(), let shortest = lengths.min() else {
            return false
        }
        return longest <= 2 * shortest && longest <= 40_000
    }

    /// At most so many of the pieces, from all of the window.
    func somePieces(_ most: Int) -> [SpeechPiece] {
        guard pieces.count > most else { return pieces }
        return (0..<most).map { pieces[$0 * pieces.count / most] }
    }

    /// Samples of speech.
    var speech: Int { pieces.reduce(0) { $0 + $1.span.speech.count } }

    /// Whether so few words stand in the text that some spans have none: people say one in each at least.
    func isShort(of words: WhisperResult) -> Bool {
        guard pieces.count >= Self.fewest else { return false }
        let text = words.text
        let count = Refrain.words(in: text).count
        if count * 4 < pieces.count * 3 { return true }
        // Phrases of several words: slow speech has 12 bytes a second.
        guard hasEqualSpans, let refrain = Refrain(text), refrain.count * 5 < pieces.count * 3 else {
            return false
        }
        return Double(text.utf8.count) / (Double(max(1, speech)) / 16_000) < 6
    }

    /// Characters a second: what is faster does not fit into a span, which is a part of the phrase then.
    private static let fastest = 20.0

    /// Whether `refrain` was heard about once in each span: Whisper is wrong by a few.
    func fits(_ refrain: Refrain) -> Bool {
        let seconds = Double(speech) / 16_000
        let characters = refrain.text.count { $0.isLetter || $0.isNumber } * pieces.count
        return hasEqualSpans && Double(characters) <= Self.fastest * seconds
            && refrain.count * 5 >= pieces.count * 3 && refrain.count * 5 <= pieces.count * 8
    }

    /// `refrain` once in each span.
    /// - Parameter logProbability: of each.
    func result(of refrain: Refrain, logProbability: Float) -> WhisperResult {
        var result = WhisperResult(segments: [], length: length)
        var offset = 0
        for piece in pieces {
            let start = offset + piece.span.speech.lowerBound - piece.span.audio.lowerBound
            result.segments.append(
                WhisperResult.Segment(
                    start: start, end: start + piece.span.speech.count,
                    text: Array((" " + refrain.text).utf8),
                    tokens: [], logProbability: logProbability))
            offset += piece.samples.count
        }
        return result
    }
}

extension WhisperResult {
    /// The words that are believed.
    var text: String {
        SpeechText.texts(of: believable.map(\.text)).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The phrase that all of it repeats, be it a loop or not.
    var refrain: Refrain? {
        Refrain(SpeechText.texts(of: segments.map(\.text)).filter { !$0.isEmpty }.joined(separator: " "))
    }
}
