/// Reads a recording in portions and gives its speech as windows. Holds no more samples than the windows that
/// wait and the stretch of speech that goes on: some two minutes.
struct SpeechReader {
    /// Samples read so far.
    private(set) var position = 0
    /// Samples of speech found so far.
    private(set) var speech = 0
    /// Samples read so far that are no silence.
    private(set) var sound = 0
    private(set) var isAtEnd = false
    /// All speech before this sample is in a window given already.
    var firstUnpacked: Int { packer.firstWaiting ?? position }

    /// Mean square of the samples of a frame: 60 dB below full scale.
    private static let silence: Float = 1e-6
    private let source: any SampleSource
    private let detector: VoiceDetector
    /// Samples.
    private let portion: Int
    private var gate = VoiceGate()
    private var packer: SpeechPacker
    /// What was read and may still be needed; the first sample's place is `recentStart`.
    private var recent: [Float] = []
    private var recentStart = 0
    /// The start of a frame whose rest is not read yet.
    private var unjudged: [Float] = []

    /// - Parameter portion: samples read at once; 10 s cost about 30 ms of voice activity detection.
    init(source: any SampleSource, detector: VoiceDetector, lanes: Int, portion: Int = 160_000) {
        self.source = source
        self.detector = detector
        self.portion = portion
        packer = SpeechPacker(lanes: lanes)
        detector.reset()
    }

    /// Reads the next portion; returns the windows that are full thereby, and at the end those left.
    /// - Throws: what the source throws, or ``EngineFailure``.
    mutating func advance() throws -> [SpeechWindow] {
        let samples = try read()
        guard !samples.isEmpty else { return try finish() }
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

    /// A whole portion even where the source gives less at once; less only at the end.
    private func read() throws -> [Float] {
        var samples = try source.read(portion)
        while !samples.isEmpty && samples.count < portion {
            let more = try source.read(portion - samples.count)
            if more.isEmpty { break }
            samples += more
        }
        return samples
    }

    private mutating func finish() throws(EngineFailure) -> [SpeechWindow] {
        isAtEnd = true
        var windows = try judge(unjudged)
        unjudged = []
        for span in gate.finish() { windows += pack(span) }
        return windows + packer.finish()
    }

    private mutating func judge(_ samples: [Float]) throws(EngineFailure) -> [SpeechWindow] {
        guard !samples.isEmpty else { return [] }
        var windows: [SpeechWindow] = []
        for (index, probability) in try detector.probabilities(samples).enumerated() {
            let start = index * VoiceDetector.frame
            let frame = samples[start..<min(start + VoiceDetector.frame, samples.count)]
            let power = frame.reduce(0) { $0 + $1 * $1 } / Float(frame.count)
            if power > Self.silence { sound += frame.count }
            if let span = gate.add(.init(probability: probability, power: power)) { windows += pack(span) }
        }
        return windows
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
        let needed = min(gate.firstNeededSample, position)
        guard needed > recentStart else { return }
        recent.removeFirst(needed - recentStart)
        recentStart = needed
    }
}
