/// Reads a recording in portions and gives its speech as windows, those of each signal by themselves. Holds
/// no more samples than the windows that wait and the stretch of speech that goes on: some two minutes of
/// each signal.
struct SpeechReader {
    /// Samples read so far.
    private(set) var position = 0
    private(set) var isAtEnd = false
    /// Samples in which speech was found so far; where several speak at once, no more than were read.
    var speech: Int { min(position, signalReaders.reduce(0) { $0 + $1.speech }) }
    /// Samples read so far that are no silence, of the signal that has most.
    var sound: Int { signalReaders.reduce(0) { max($0, $1.sound) } }
    /// Samples in which somebody may speak although nobody was heard, of the signal that has most.
    var faint: Int { signalReaders.reduce(0) { max($0, $1.faint) } }
    /// Samples of the longest sound without a pause, of the signal that has it.
    var longestSound: Int { signalReaders.reduce(0) { max($0, $1.longestSound) } }
    var signals: Range<Int> { signalReaders.indices }

    private let source: any SampleSource
    /// Samples.
    private let portion: Int
    private var signalReaders: [SignalReader]

    /// - Parameters:
    ///   - detector: hears all signals of `source`, by turns where there are several.
    ///   - portion: samples read at once; 10 s cost about 30 ms of voice activity detection.
    init(source: any SampleSource, detector: VoiceDetector, lanes: Int, portion: Int = 160_000) {
        self.source = source
        self.portion = portion
        let signals = source.signalCount
        signalReaders = (0..<signals).map { _ in
            SignalReader(detector: detector, isShared: signals > 1, lanes: lanes)
        }
    }

    /// All speech of a signal before this sample is in a window given already; nil where all of it is.
    func firstUnpacked(of signal: Int) -> Int? {
        signalReaders[signal].firstWaiting ?? (isAtEnd ? nil : signalReaders[signal].firstUndecided)
    }

    /// Reads the next portion; returns the windows that are full thereby, and at the end those left.
    /// - Throws: what the source throws, or ``EngineFailure``.
    mutating func advance() throws -> [SpeechWindow] {
        let samples = try read()
        isAtEnd = samples[0].isEmpty
        position += samples[0].count
        var windows: [SpeechWindow] = []
        for index in signalReaders.indices {
            let own = try isAtEnd ? signalReaders[index].finish() : signalReaders[index].add(samples[index])
            windows += own.map { SpeechWindow(pieces: $0.pieces, signal: index) }
        }
        // Sorts by time.
        return windows.sorted { ($0.range.lowerBound, $0.signal) < ($1.range.lowerBound, $1.signal) }
    }

    /// A whole portion even where the source gives less at once; less only at the end.
    private func read() throws -> [[Float]] {
        var samples = try source.read(portion)
        while !samples[0].isEmpty && samples[0].count < portion {
            let more = try source.read(portion - samples[0].count)
            if more[0].isEmpty { break }
            for index in samples.indices { samples[index] += more[index] }
        }
        return samples
    }
}
