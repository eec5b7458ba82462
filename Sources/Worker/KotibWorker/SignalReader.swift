/// Finds the speech in one signal that arrives in portions.
struct SignalReader {
    /// Samples given so far.
    private var position = 0
    /// Samples of speech found so far.
    private(set) var speech = 0
    /// Samples so far that are not silence.
    private(set) var sound = 0
    /// Samples of the longest sound so far.
    private(set) var longestSound = 0
    /// Samples so far in which somebody may speak although nobody was heard.
    var faint: Int { faintSpeech.frames * VoiceDetector.frame }
    /// The first sample of speech that is in no window yet; nil where all is.
    var firstWaiting: Int? { packer.firstWaiting }

    /// No speech that is found later begins before this sample.
    var firstUndecided: Int { min(gate.firstNeededSample, position) }

    private let detector: VoiceDetector
    private let isShared: Bool
    /// Samples of the sound that goes on.
    private var soundGoingOn = 0
    private var words = IsolatedWordDetector()
    private var faintSpeech: FaintSpeech
    private var gate = VoiceGate()
    private var packer: SpeechPacker
    /// Samples that may still be needed; the first one's place is `recentStart`.
    private var recent: [Float] = []
    private var recentStart = 0
    /// The start of a frame whose rest is not read yet.
    private var unjudged: [Float] = []
    /// The end of the last stretch that was judged, for a detector that has heard another signal since.
    private var reminder: [Float] = []

    /// Samples (2 s) after which Silero judges as if it had heard all before. Detectors of their own would
    /// take 87 MB of address space each.
    private static let longestReminder = 62 * VoiceDetector.frame

    /// - Parameters:
    ///   - detector: forgets what it heard before.
    ///   - isShared: whether it hears other signals too, by turns.
    init(detector: VoiceDetector, isShared: Bool, lanes: Int) {
        self.detector = detector
        self.isShared = isShared
        packer = SpeechPacker(lanes: lanes)
        faintSpeech = FaintSpeech(isShared: isShared)
        detector.reset()
    }

    /// Takes the next samples; returns the windows that are full thereby.
    mutating func add(_ samples: [Float]) throws(EngineFailure) -> [SpeechWindow] {
        position += samples.count
        recent += samples
        unjudged += samples
        let whole = unjudged.count / VoiceDetector.frame * VoiceDetector.frame
        let frames = Array(unjudged.prefix(whole))
        unjudged.removeFirst(whole)
        let windows = try judge(frames)
        forget()
        return windows
    }

    /// The recording is over: returns the windows left.
    mutating func finish() throws(EngineFailure) -> [SpeechWindow] {
        var windows = try judge(unjudged)
        unjudged = []
        for frame in words.finish() { windows += pass(frame) }
        for span in gate.finish() { windows += pack(span) }
        faintSpeech.finish()
        return windows + packer.finish()
    }

    private mutating func judge(_ samples: [Float]) throws(EngineFailure) -> [SpeechWindow] {
        guard !samples.isEmpty else { return [] }
        var windows: [SpeechWindow] = []
        for (index, probability) in try probabilities(samples).enumerated() {
            let start = index * VoiceDetector.frame
            let frame = samples[start..<min(start + VoiceDetector.frame, samples.count)]
            let power = frame.reduce(0) { $0 + $1 * $1 } / Float(frame.count)
            count(frame.count, isSound: power > IsolatedWordDetector.silence)
            for known in words.add(.init(probability: probability, power: power)) { windows += pass(known) }
        }
        return windows
    }

    private mutating func count(_ samples: Int, isSound: Bool) {
        soundGoingOn = isSound ? soundGoingOn + samples : 0
        longestSound = max(longestSound, soundGoingOn)
        if isSound { sound += samples }
    }

    private mutating func pass(_ frame: VoiceGate.Frame) -> [SpeechWindow] {
        faintSpeech.add(frame)
        return gate.add(frame).map { pack($0) } ?? []
    }

    private mutating func probabilities(_ samples: [Float]) throws(EngineFailure) -> [Float] {
        guard isShared else { return try detector.probabilities(samples) }
        detector.reset()
        let all = try detector.probabilities(reminder + samples)
        let frames = reminder.count / VoiceDetector.frame
        // All are whole frames but perhaps those at the end, after which nothing comes.
        reminder = Array((reminder + samples).suffix(Self.longestReminder))
        return Array(all.dropFirst(frames))
    }

    private mutating func pack(_ span: VoiceSpan) -> [SpeechWindow] {
        // The last frame of a recording may be a part of one.
        let span = VoiceSpan(
            speech: span.speech.clamped(to: 0..<position), audio: span.audio.clamped(to: 0..<position))
        speech += span.speech.count
        let samples = recent[span.audio.lowerBound - recentStart..<span.audio.upperBound - recentStart]
        return packer.add(SpeechPiece(span: span, samples: Array(samples)))
    }

    private mutating func forget() {
        let needed = firstUndecided
        guard needed > recentStart else { return }
        recent.removeFirst(needed - recentStart)
        recentStart = needed
    }
}
