/// Packs speech into windows for Whisper: full ones during the recording, even ones at its end, each cut at
/// the longest pause near the desired length.
///
/// Windows are decoded independently, so each should begin and end where the speaker draws breath. Their cost
/// follows their length (the encoder's context is cut to it), so a window need not be full.
struct SpeechPacker {
    /// Samples that a window may have.
    let capacity: Int
    /// How many windows are decoded at once.
    let lanes: Int
    /// Samples (5 s): no window, and so no segment, reaches over a longer silence.
    static let longSilence = 5 * 16_000

    private var waiting: [SpeechPiece] = []
    private var waitingLength = 0
    private var packedAny = false

    /// - Parameter capacity: samples.
    init(capacity: Int = WhisperDecoder.longestWindow, lanes: Int) {
        self.capacity = capacity
        self.lanes = Swift.max(1, lanes)
    }

    /// The sample of the recording where what is not yet in a window begins; nil where all is.
    var firstWaiting: Int? { waiting.first?.span.audio.lowerBound }

    /// Takes the next piece, no longer than `capacity`; returns windows that are ready.
    ///
    /// A window's worth of speech for each lane is held back, so that ``finish()`` can share it out.
    mutating func add(_ piece: SpeechPiece) -> [SpeechWindow] {
        waiting.append(piece)
        waitingLength += piece.samples.count
        var windows: [SpeechWindow] = []
        while waitingLength > capacity * lanes {
            windows.append(cutWindow(about: capacity * 4 / 5))
        }
        return windows
    }

    /// The recording is over: returns the windows left, as many as the lanes can share evenly.
    mutating func finish() -> [SpeechWindow] {
        var windows: [SpeechWindow] = []
        var left = (waitingLength + capacity - 1) / capacity
        // A lone short rest is not worth tearing apart.
        if waitingLength > capacity || (packedAny && waitingLength > capacity / 2) {
            left = (left + lanes - 1) / lanes * lanes
        }
        while !waiting.isEmpty {
            windows.append(cutWindow(about: waitingLength / Swift.max(1, left)))
            left -= 1
        }
        return windows
    }

    /// Takes a window from the front, of a length between three and five quarters of `target` where a pause
    /// allows it, never above the capacity.
    private mutating func cutWindow(about target: Int) -> SpeechWindow {
        let wished = target * 3 / 4...target * 5 / 4
        var length = 0
        var taken = 1
        var longestPause = -1
        for (index, piece) in waiting.enumerated() {
            length += piece.samples.count
            guard index == 0 || length <= Swift.min(capacity, wished.upperBound) else { break }
            let pause =
                index + 1 < waiting.count
                ? waiting[index + 1].span.speech.lowerBound - piece.span.speech.upperBound : Int.max
            if length < wished.lowerBound {
                taken = index + 1
            } else if pause >= longestPause {
                longestPause = pause
                taken = index + 1
            }
            if pause >= Self.longSilence {
                taken = index + 1
                break
            }
        }
        let window = SpeechWindow(pieces: Array(waiting.prefix(taken)))
        waiting.removeFirst(taken)
        waitingLength -= window.length
        packedAny = true
        return window
    }
}

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
