/// What Whisper made of one window, and how far it can be believed.
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
    }

    var segments: [Segment]
    /// Samples.
    var length: Int

    /// How often the same three tokens come back: 1 where never, 2 where each does twice. Stands for the
    /// compression ratio of OpenAI's transcribe.py in any script.
    static func repetition(_ tokens: [Int32]) -> Double {
        guard tokens.count > 12 else { return 1 }
        let triples = (0..<tokens.count - 2).map { Array(tokens[$0..<$0 + 3]) }
        return Double(triples.count) / Double(Set(triples).count)
    }

    private var tokens: [Int32] { segments.flatMap(\.tokens) }

    /// The mean over all segments, weighted by their tokens.
    private var logProbability: Float {
        let count = segments.reduce(0) { $0 + $1.tokens.count }
        guard count > 0 else { return -.infinity }
        return segments.reduce(0) { $0 + $1.logProbability * Float($1.tokens.count) } / Float(count)
    }

    private var isLoop: Bool { Self.repetition(tokens) > 2 }

    /// Whether another try may give more: a loop, improbable words (below -1, as in OpenAI's transcribe.py), or
    /// none at all where the window is longer than a cough (1 s and its padding).
    var isDoubtful: Bool {
        isLoop || (tokens.isEmpty ? length > 25_600 : logProbability < -1)
    }

    func isBetter(than other: WhisperResult) -> Bool {
        isLoop == other.isLoop ? logProbability > other.logProbability : !isLoop
    }

    /// The segments without those that nobody spoke: a phrase over and over again, or mere guesses.
    var believable: [Segment] {
        var before: [Int32] = []
        return segments.filter { segment in
            // People repeat themselves; a loop does nothing else.
            defer { before = segment.tokens }
            if isLoop && segment.tokens == before { return false }
            return Self.repetition(segment.tokens) <= 2.4 && segment.logProbability > -1.5
        }
    }
}
