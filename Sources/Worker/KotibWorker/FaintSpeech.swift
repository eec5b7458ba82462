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
