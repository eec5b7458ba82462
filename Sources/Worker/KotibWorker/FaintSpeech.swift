/// Finds stretches in which somebody may speak although too little of it was certain to be heard: a voice far
/// away, or in an echoing hall.
///
/// Measured with Silero 6.2, as the part of the frames of 8 s with little speech that have a probability of
/// 0.05 and more: Asterisk's music on hold (18 minutes, five pieces, also between words) once 26 %, otherwise
/// at most 24 %; noise of rooms between words (white, pink and brown, -35 to -60 dB) 7 %, keys, clicks and
/// signal tones 6 %. A voice with 3 s of reverberation and much noise has mostly 40 to 80 %; after a near and
/// loud voice, which makes Silero deaf for a while, 20 to 50 %. Clear speech has as much in its short pauses,
/// also with music behind it, so that stretches of speech are left out.
///
/// A detector that hears several signals by turns is less sure of all: there music has up to 66 %. Of 0.15
/// and more it has at most 18 %, noise and tones 4 %, and the same voices have 25 to 60 % at times.
struct FaintSpeech {
    /// Frames that are judged together (8 s).
    private static let block = 250
    /// Of a block, the part that is speech, at most.
    private static let speech = 0.25

    /// Frames of this probability and more may be speech.
    private let probability: Float
    /// Of a block, the part that is such frames, at least.
    private let faint: Double

    /// Frames of sound so far that are not speech, in such stretches.
    private(set) var frames = 0

    private let rules: VoiceGate.Rules
    private var isSpeech = false
    /// Frames below ``VoiceGate/Rules/release`` since the last speech.
    private var silent = 0
    /// Of the block that goes on.
    private var count = (all: 0, speech: 0, faint: 0, sound: 0)

    /// - Parameter isShared: whether the detector hears other signals too, by turns.
    init(isShared: Bool, rules: VoiceGate.Rules = VoiceGate.Rules()) {
        self.rules = rules
        probability = isShared ? 0.15 : 0.05
        faint = isShared ? 0.2 : 0.3
    }

    mutating func add(_ frame: VoiceGate.Frame) {
        if frame.probability >= rules.attack {
            (isSpeech, silent) = (true, 0)
        } else if frame.probability < rules.release {
            silent += 1
            if silent >= rules.shortestPause { isSpeech = false }
        }
        count.all += 1
        if isSpeech {
            count.speech += 1
        } else if frame.power > IsolatedWordDetector.silence {
            count.sound += 1
            if frame.probability >= probability { count.faint += 1 }
        }
        if count.all == Self.block { finish() }
    }

    /// The recording is over, or a block.
    mutating func finish() {
        // Less than a block at the end must have as much of it as a whole one.
        if Double(count.faint) >= faint * Double(Self.block),
            Double(count.speech) <= Self.speech * Double(count.all)
        {
            frames += count.sound
        }
        count = (0, 0, 0, 0)
    }
}

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

    private let rules = VoiceGate.Rules()
    /// Frames of silence until now; the recording begins after silence.
    private var silent = around
    /// The sound that goes on and the silence after it, where it may be a word.
    private var held: [VoiceGate.Frame] = []

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
