/// A stretch of speech with its samples.
struct SpeechPiece: Hashable, Sendable {
    var span: VoiceSpan
    /// The samples of `span.audio`.
    var samples: [Float]
}

/// One window for Whisper: pieces of a recording, one after the other.
struct SpeechWindow: Hashable, Sendable {
    var pieces: [SpeechPiece]
    /// Which of the recording's signals it is of.
    var signal = 0

    /// Samples.
    var length: Int { pieces.reduce(0) { $0 + $1.samples.count } }
    var samples: [Float] { pieces.flatMap(\.samples) }

    /// The window's first and last position in the recording, in samples.
    var range: Range<Int> {
        guard let first = pieces.first, let last = pieces.last else { return 0..<0 }
        return first.span.audio.lowerBound..<last.span.audio.upperBound
    }

    /// The position in the recording of the sample at `offset` of the window. Between two pieces, in the
    /// silence around their speech, it is the start of the second for a `start` and the end of the first for
    /// an end: Whisper's times are not exact, and the pause between them lies where the pieces were joined.
    func position(of offset: Int, isStart: Bool) -> Int {
        var rest = Swift.max(0, offset)
        for (index, piece) in pieces.enumerated() {
            let (audio, length) = (piece.span.audio, piece.samples.count)
            if index + 1 < pieces.count {
                let next = pieces[index + 1].span
                let silence =
                    isStart
                    ? min(length, piece.span.speech.upperBound - audio.lowerBound)..<length
                    : length..<length + next.speech.lowerBound - next.audio.lowerBound + 1
                if silence.contains(rest) { return isStart ? next.audio.lowerBound : audio.upperBound }
            }
            if rest < length || (rest == length && !isStart) { return audio.lowerBound + rest }
            rest -= length
        }
        return range.upperBound
    }
}
