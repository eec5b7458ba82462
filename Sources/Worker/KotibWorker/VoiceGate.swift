/// One stretch of speech, in samples from the start of the recording.
struct VoiceSpan: Hashable, Sendable {
    /// The stretches in which the detector heard speech.
    var speech: Range<Int>
    /// The same with some of the silence around it, so that no soft start or end is lost.
    var audio: Range<Int>
}

/// Decides from the probability of speech in each frame where speech begins and ends. Frames may come in any
/// portions: the spans are the same.
///
/// The rules and numbers are those of Silero's own `get_speech_timestamps` (utils_vad.py), except that
/// padding is wider and that a stretch without a pause is cut at its quietest place.
struct VoiceGate {
    /// The detector's result for one frame.
    struct Frame {
        /// Of speech, between 0 and 1.
        var probability: Float
        /// Mean square of the samples.
        var power: Float
    }

    struct Rules {
        /// Samples in a frame.
        var frame = 512
        /// Speech begins at this probability, and ends below `release`.
        var attack: Float = 0.5
        var release: Float = 0.35
        /// Frames of silence that end a stretch (0.1 s).
        var shortestPause = 4
        /// Frames; a shorter stretch is a click (0.25 s).
        var shortestSpeech = 8
        /// Frames; a longer stretch is cut (23.7 s, with its padding below ``WhisperDecoder/longestWindow``),
        /// not before two thirds of it.
        var longestSpeech = 740
        /// Frames of silence kept at each side (0.2 s). Two stretches closer than twice this share what lies
        /// between them. Measured: 3 to 12 frames give the same words, and more cost more.
        var padding = 6
    }

    private let rules: Rules
    /// Frames judged so far.
    private var count = 0
    /// The first frame of the stretch that is going on.
    private var start: Int?
    /// The first silent frame after it.
    private var silence: Int?
    /// The power of the frames of the stretch that is going on, for finding the quietest.
    private var powers: [Float] = []
    /// The last stretch that ended (in frames), kept until it is known how much silence follows it.
    private var ended: Range<Int>?
    /// The frame where the audio of `ended` begins.
    private var endedAudioStart = 0
    /// The end of the audio of the stretch before: the next cannot begin earlier.
    private var taken = 0

    init(rules: Rules = Rules()) {
        self.rules = rules
    }

    /// Samples before this one are not needed for any span still to come.
    var firstNeededSample: Int {
        let first =
            ended != nil ? endedAudioStart : Swift.max(taken, (start ?? count) - rules.padding)
        return first * rules.frame
    }

    /// Judges the next frame; returns the span that has become final thereby.
    mutating func add(_ frame: Frame) -> VoiceSpan? {
        defer { count += 1 }
        guard let start else {
            if frame.probability >= rules.attack {
                return begin(at: count, power: frame.power)
            }
            return flush(ifSilentFor: 2 * rules.padding)
        }
        powers.append(frame.power)
        if frame.probability >= rules.attack {
            silence = nil
        } else if frame.probability < rules.release {
            let from = silence ?? count
            silence = from
            if count + 1 - from >= rules.shortestPause { return end(start..<from) }
        }
        if count + 1 - start >= rules.longestSpeech { return cut() }
        return nil
    }

    /// The recording is over. Returns the spans left, at most two.
    mutating func finish() -> [VoiceSpan] {
        var spans: [VoiceSpan] = []
        if let start {
            if let span = end(start..<(silence ?? count)) { spans.append(span) }
        }
        if let span = flush(ifSilentFor: 0) { spans.append(span) }
        return spans
    }

    // MARK: - Steps

    private mutating func begin(at frame: Int, power: Float) -> VoiceSpan? {
        start = frame
        powers = [power]
        silence = nil
        return nil
    }

    /// The stretch that was going on is over. The one that ended before it becomes final.
    private mutating func end(_ stretch: Range<Int>) -> VoiceSpan? {
        start = nil
        silence = nil
        powers = []
        guard stretch.count >= rules.shortestSpeech else {
            return flush(ifSilentFor: 2 * rules.padding)
        }
        let before = settle(before: stretch.lowerBound)
        endedAudioStart = Swift.max(taken, stretch.lowerBound - rules.padding)
        ended = stretch
        return before
    }

    /// Ends a stretch that has no pause where it is quietest; the rest goes on as a new one.
    private mutating func cut() -> VoiceSpan? {
        guard let start else { return nil }
        let earliest = powers.count * 2 / 3
        // Three frames together: a single quiet frame may be a consonant.
        let quietest = (earliest..<powers.count - 1).min { sum(around: $0) < sum(around: $1) } ?? earliest
        let place = start + quietest
        let rest = Array(powers[quietest...])
        let span = end(start..<place)
        self.start = place
        powers = rest
        return span
    }

    private func sum(around index: Int) -> Float {
        powers[Swift.max(0, index - 1)...Swift.min(powers.count - 1, index + 1)].reduce(0, +)
    }

    private mutating func flush(ifSilentFor frames: Int) -> VoiceSpan? {
        guard let ended, count + 1 - ended.upperBound >= frames else { return nil }
        return settle(before: count + 2 * rules.padding)
    }

    /// Gives the ended stretch its padding, knowing that the next speech is not before `next`.
    private mutating func settle(before next: Int) -> VoiceSpan? {
        guard let stretch = ended else { return nil }
        ended = nil
        let gap = next - stretch.upperBound
        let end = stretch.upperBound + Swift.min(rules.padding, (gap + 1) / 2)
        let audio = endedAudioStart..<Swift.min(end, Swift.max(count, stretch.upperBound))
        taken = audio.upperBound
        return VoiceSpan(speech: samples(stretch), audio: samples(audio))
    }

    private func samples(_ frames: Range<Int>) -> Range<Int> {
        frames.lowerBound * rules.frame..<frames.upperBound * rules.frame
    }
}
