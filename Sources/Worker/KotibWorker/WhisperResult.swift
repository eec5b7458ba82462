/// Whisper's transcript of one window, and its confidence.
struct WhisperResult: Hashable, Sendable {
    struct Segment: Hashable, Sendable {
        /// Samples from the start of the window.
        var start: Int
        var end: Int
        /// UTF-8, but a character may go on in the next segment.
        var text: [UInt8]
        /// The tokens that are text.
        var tokens: [Int32]
        /// The mean over all tokens, natural logarithm.
        var logProbability: Float

        /// Characters other than blanks: bytes of UTF-8 that begin one (RFC 3629).
        var characters: Int { text.count { $0 > 0x20 && $0 & 0xC0 != 0x80 } }
    }

    var segments: [Segment]
    /// Samples.
    var length: Int
    /// Samples of speech for which there are too few words.
    var unheard = 0

    /// How often the same three tokens occur: 1 if never repeated, 2 if each occurs twice. Replaces the
    /// compression ratio of OpenAI's transcribe.py for any script.
    static func repetition(_ tokens: [Int32]) -> Double {
        guard tokens.count > 12 else { return 1 }
        let triples = (0..<tokens.count - 2).map { Array(tokens[$0..<$0 + 3]) }
        return Double(triples.count) / Double(Set(triples).count)
    }

    private var tokens: [Int32] { segments.flatMap(\.tokens) }

    /// The mean over all segments, weighted by their tokens.
    var logProbability: Float {
        let count = segments.reduce(0) { $0 + $1.tokens.count }
        guard count > 0 else { return -.infinity }
        return segments.reduce(0) { $0 + $1.logProbability * Float($1.tokens.count) } / Float(count)
    }

    var characters: Int { segments.reduce(0) { $0 + $1.characters } }

    /// Whether any of it is more than a mark of sound such as `[Music]`.
    var hasWords: Bool { SpeechText.texts(of: segments.map(\.text)).contains { !$0.isEmpty } }
}

/// Detection of repetitions. People say things twice and thrice; Whisper may repeat once-said words without
/// end, or say once what was said ten times. Repeated words alone therefore prove nothing: the criteria are
/// whether so many words fit into the time of detected speech, and the result of the same speech in parts,
/// where no earlier words tempt Whisper.
extension WhisperResult {
    /// Characters a second. Fast speech has some 20, and most loops seen 35 and more.
    private static let fastest = 30.0
    /// Tokens without a time between them, of the 220 at which whisper.cpp ends (`n_text_ctx / 2 - 4`): it
    /// did not end by itself.
    private static let endless = 200
    /// Bytes a second of speech, in any script: slow speech has twice as many. Less in more than 4 s is a
    /// phrase of which some is missing, or no speech.
    private static let sparse = 6.0

    private static func isTooFast(_ characters: Int, _ samples: Int) -> Bool {
        // Times are rounded; a word of 0.1 s is no loop.
        Double(characters) / (Double(max(samples, 1_600)) / 16_000) > fastest
    }

    private static func isLoop(_ segment: Segment) -> Bool {
        repetition(segment.tokens) > 2
            && (segment.tokens.count >= endless
                || isTooFast(segment.characters, segment.end - segment.start))
    }

    var isRepetitive: Bool { Self.repetition(tokens) > 2 }

    /// More words, again and again, than anybody can have said.
    var isLoop: Bool {
        segments.contains(where: Self.isLoop) || (isRepetitive && Self.isTooFast(characters, length))
    }

    private var isSparse: Bool {
        let bytes = segments.reduce(0) { $0 + $1.text.count }
        return length > 64_000 && Double(bytes) / (Double(length) / 16_000) < Self.sparse
    }

    /// Improbable words: below -1, as in OpenAI's transcribe.py.
    var isImprobable: Bool { logProbability < -1 }

    /// Whether a retry may give more: repeated words, too few for the time, improbable ones, or none at all
    /// in a window longer than a cough (1 s and its padding).
    var isDoubtful: Bool {
        tokens.isEmpty ? isLongerThanACough : isLoop || isRepetitive || isSparse || isImprobable
    }

    var isLongerThanACough: Bool { length > 25_600 }

    /// Whether this may be everything that was said, although it repeats itself: it is neither a loop nor a
    /// guess.
    var isPossible: Bool { !tokens.isEmpty && !isLoop && !isImprobable }

    /// Whether about as much is said here as there.
    func saysAsMuch(as other: WhisperResult) -> Bool {
        let (more, less) = (max(characters, other.characters), min(characters, other.characters))
        return more - less <= max(8, more / 4)
    }

    func isBetter(than other: WhisperResult) -> Bool {
        if isLoop != other.isLoop { return !isLoop }
        if isSparse != other.isSparse && !isImprobable { return !isSparse }
        return logProbability > other.logProbability
    }

    /// The credible segments, without endless phrases and mere guesses.
    var believable: [Segment] { segments.enumerated().filter { isBelievable($0.offset) }.map(\.element) }

    private func isBelievable(_ index: Int) -> Bool {
        let segment = segments[index]
        // People repeat themselves; a loop does nothing else.
        if isLoop, index > 0, segment.tokens == segments[index - 1].tokens { return false }
        return !Self.isLoop(segment) && segment.logProbability > -1.5
    }

    /// Samples of speech of which no words remain: segments that are not believed, and all where there is
    /// nothing but a mark of sound.
    var setAside: Int {
        let kept = WhisperResult(segments: believable, length: length)
        guard kept.hasWords else { return isLongerThanACough || hasWords ? length : 0 }
        let lost = segments.indices.reduce(0) { sum, index in
            let segment = segments[index]
            let isLost = !isBelievable(index) && WhisperResult(segments: [segment], length: 0).hasWords
            return isLost ? sum + max(0, segment.end - segment.start) : sum
        }
        return min(length, max(lost, unheard))
    }
}
