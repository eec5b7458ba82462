/// Detects isolated words. Silero needs some words to be certain of speech: for a word between two silences
/// it gives 0.2 to 0.6 where the same word amid others has 0.9. That is enough for a sound that begins and
/// ends in silence and is as long as a word. Noises of that kind (bursts, coughs, keys, drops) have less than
/// 0.15.
struct IsolatedWordDetector {
    /// Mean square of the samples of a frame: 60 dB below full scale.
    static let silence: Float = 1e-6
    /// Frames of silence on each side: those that lie in 0.3 s, wherever it begins.
    private static let around = 8
    /// Frames (0.25 s to 1.6 s).
    private static let lengths = 8...50
    private static let probability: Float = 0.15

    private let rules: VoiceGate.Rules
    /// Frames of silence until now; the recording begins after silence.
    private var silent = around
    /// The sound that goes on and the silence after it, where it may be a word.
    private var held: [VoiceGate.Frame] = []

    init(rules: VoiceGate.Rules = VoiceGate.Rules()) {
        self.rules = rules
    }

    /// Takes the next frame; returns those whose probability is now known, in order.
    mutating func add(_ frame: VoiceGate.Frame) -> [VoiceGate.Frame] {
        let begins = held.isEmpty && silent >= Self.around && frame.power > Self.silence
        silent = frame.power > Self.silence ? 0 : silent + 1
        guard begins || !held.isEmpty else { return [frame] }
        held.append(frame)
        if silent >= Self.around { return finish() }
        return held.count - silent > Self.lengths.upperBound ? flush() : []
    }

    /// The recording is over, or the sound.
    mutating func finish() -> [VoiceGate.Frame] {
        let word = 0..<max(0, held.count - silent)
        let isHeard = held.count { $0.probability >= rules.release } >= rules.shortestSpeech
        if !isHeard, Self.lengths.contains(word.count),
            held[word].contains(where: { $0.probability >= Self.probability })
        {
            for index in word { held[index].probability = max(rules.attack, held[index].probability) }
        }
        return flush()
    }

    private mutating func flush() -> [VoiceGate.Frame] {
        defer { held = [] }
        return held
    }
}
