/// A stretch of speech with its samples.
struct SpeechPiece: Hashable, Sendable {
    var span: VoiceSpan
    /// The samples of `span.audio`.
    var samples: [Float]
}

/// What Whisper gets at once: pieces of a recording, one after the other.
struct SpeechWindow: Hashable, Sendable {
    var pieces: [SpeechPiece]
    /// Which of the recording's signals it is of.
    var signal = 0

    /// Samples.
    var length: Int { pieces.reduce(0) { $0 + $1.samples.count } }
    var samples: [Float] { pieces.flatMap(\.samples) }

    /// Where the window begins and ends in the recording, in samples.
    var range: Range<Int> {
        guard let first = pieces.first, let last = pieces.last else { return 0..<0 }
        return first.span.audio.lowerBound..<last.span.audio.upperBound
    }

    /// Where in the recording the sample at `offset` of the window lies. Between two pieces, it is the start of
    /// the second for a `start` and the end of the first for an end.
    func position(of offset: Int, isStart: Bool) -> Int {
        var rest = Swift.max(0, offset)
        for piece in pieces {
            let count = piece.samples.count
            if rest < count || (rest == count && !isStart) { return piece.span.audio.lowerBound + rest }
            rest -= count
        }
        return range.upperBound
    }
}
