import KotibModel

/// The transcription of one recording by several lanes: hands out windows and returns their words in order of
/// time, also across signals.
///
/// Lives on the thread that transcribes: only that reads the source and calls the observer. The lanes see
/// windows and ``WhisperSharedState``, so a cancelled transcription need not wait for them.
final class WhisperTranscription {
    let signals = WhisperSharedState()
    private(set) var reader: SpeechReader
    /// ISO 639-1, once known.
    private(set) var language: String?

    private struct Done: Sendable {
        var lane: Int
        var number: Int
        var result: Result<WhisperResult?, EngineFailure>
    }

    private let lanes: [WhisperLane]
    private let sharesWindows: Bool
    private let observer: any TranscriptionObserver
    /// 0 where unknown.
    private let expectedSamples: Double
    private let mailbox = BlockingQueue<Done>()
    private var idle: [Int]
    private var waiting: [SpeechWindow] = []
    /// Windows handed out and not yet given on, by number.
    private var started: [Int: SpeechWindow] = [:]
    private var finished: [Int: WhisperResult] = [:]
    private var nextToStart = 0
    private var nextToGiveOn = 0
    /// Samples of speech of which no words remain.
    private var setAside = 0
    /// Samples (0.25 s) of sound without a pause.
    private static let shortestWord = 4_000
    private var hasWords = false
    /// Seconds; where the last segment of each signal ended.
    private var lastEnds: [Double]
    /// In order of time, segments before which another signal's may still come.
    private var early: [TranscriptSegment] = []
    private var fraction = 0.0
    private var lastSign = ContinuousClock.now
    private var stepsAtLastSign = 0

    init(
        reader: SpeechReader, lanes: [WhisperLane], language: String?, sharesWindows: Bool,
        expectedSamples: Double, observer: any TranscriptionObserver
    ) {
        self.reader = reader
        self.lanes = lanes
        self.language = language
        self.sharesWindows = sharesWindows
        self.expectedSamples = expectedSamples
        self.observer = observer
        idle = Array(lanes.indices)
        lastEnds = reader.signals.map { _ in 0 }
    }

    /// Works until all is transcribed. False where the observer cancelled.
    /// - Throws: what the source throws, or ``EngineFailure``.
    func finish() throws -> Bool {
        while !(reader.isAtEnd && waiting.isEmpty && started.isEmpty) {
            if observer.isCancelled { return false }
            let reads = wantsSpeech
            if reads {
                waiting += try reader.advance()
                signals.step()
            }
            if let done = mailbox.pop(waiting: reads || started.isEmpty ? 0 : 50) {
                idle.append(done.lane)
                finished[done.number] = try done.result.get()
                emitReady()
            }
            if language == nil && !waiting.isEmpty && !wantsSpeech { try detectLanguage() }
            while language != nil, !waiting.isEmpty, !idle.isEmpty { startNext() }
            reportLiveness()
        }
        emitInOrder()
        progressed(to: 1)
        return true
    }

    /// Whether to read on: one window waits while the lanes are busy, or some 5 s of speech for the language.
    private var wantsSpeech: Bool {
        if reader.isAtEnd { return false }
        return waiting.isEmpty || (language == nil && waiting.reduce(0) { $0 + $1.length } < 80_000)
    }

    // MARK: - Lanes

    /// Hands the next window to an idle lane; to the first, perhaps with all threads, where the recording has
    /// no other.
    ///
    /// That follows from the recording and not from which lanes happen to be idle: ggml sums in another order
    /// on another number of threads (flash attention splits its keys by them), and the words could be others.
    private func startNext() {
        let window = waiting.removeFirst()
        let isAlone = reader.isAtEnd && waiting.isEmpty && nextToStart == 0
        let lane = idle.remove(at: isAlone ? idle.firstIndex(of: 0) ?? 0 : 0)
        let threads = isAlone && sharesWindows ? lanes.count : 1
        let number = nextToStart
        nextToStart += 1
        started[number] = window
        lanes[lane].start(postingTo: mailbox) { [signals, language = language ?? "en"] decoder in
            let result = Result { () throws(EngineFailure) in
                try decoder.decode(window, language: language, threads: threads, signals: signals)
            }
            return Done(lane: lane, number: number, result: result)
        }
    }

    /// Asks on the first speech, before any window is handed out: all lanes are idle.
    private func detectLanguage() throws {
        let answer = BlockingQueue<Result<String?, EngineFailure>>()
        let samples = Array(waiting.flatMap(\.samples).prefix(WhisperDecoder.enoughForLanguage))
        let threads = sharesWindows ? lanes.count : 1
        lanes[0].start(postingTo: answer) { [signals] decoder in
            Result { () throws(EngineFailure) in
                try decoder.detectLanguage(samples, threads: threads, signals: signals)
            }
        }
        while !observer.isCancelled {
            if let result = answer.pop(waiting: 50) {
                language = try result.get()
                return
            }
        }
    }

    // MARK: - Observer

    /// Emits the words of all windows that are next in the recording.
    private func emitReady() {
        while let result = finished.removeValue(forKey: nextToGiveOn),
            let window = started.removeValue(forKey: nextToGiveOn)
        {
            nextToGiveOn += 1
            setAside += result.setAside
            for segment in segments(of: result, in: window) {
                hasWords = true
                early.insert(segment, at: early.firstIndex { $0.start > segment.start } ?? early.endIndex)
            }
            emitInOrder()
            progressed(to: done)
        }
    }

    /// Emits the segments that no other can precede.
    private func emitInOrder() {
        let limit = firstPendingSample.map { Double($0) / 16_000 } ?? .infinity
        let ready = early.prefix { $0.start <= limit }
        for segment in ready { observer.heard(segment) }
        early.removeFirst(ready.count)
    }

    /// The first sample of the recording from which words may still come; nil where all are there.
    private var firstPendingSample: Int? {
        let left = started.values.map(\.range.lowerBound) + waiting.map(\.range.lowerBound)
        return (left + reader.signals.compactMap { reader.firstUnpacked(of: $0) }).min()
    }

    private func segments(of result: WhisperResult, in window: SpeechWindow) -> [TranscriptSegment] {
        let believable = result.believable
        return zip(believable, SpeechText.texts(of: believable.map(\.text))).compactMap { segment, text in
            guard !text.isEmpty else { return nil }
            let start = Double(window.position(of: segment.start, isStart: true)) / 16_000
            let end = Double(window.position(of: segment.end, isStart: false)) / 16_000
            let from = max(start, lastEnds[window.signal])
            lastEnds[window.signal] = max(end, from)
            return TranscriptSegment(start: from, end: max(end, from), text: text)
        }
    }

    /// Warnings about the transcript, once ``finish()`` has returned true.
    var warnings: [RecordingWarning] {
        let seconds = { (samples: Int) in Double(samples) / 16_000 }
        if hasWords {
            let unheard = setAside + reader.faint
            return unheard > 0 ? [.init(.soundSetAside, seconds: seconds(unheard))] : []
        }
        if reader.speech > 0 { return [.init(.speechWithoutWords, seconds: seconds(reader.speech))] }
        // Shorter sound is a click, unless there are many.
        let isMore = reader.sound >= 16_000 || reader.longestSound >= Self.shortestWord
        return isMore ? [.init(.noSpeechHeard, seconds: seconds(reader.sound))] : []
    }

    /// The fraction of the recording whose words were emitted.
    private var done: Double {
        guard expectedSamples > 0 else { return 0 }
        return Double(firstPendingSample ?? reader.position) / expectedSamples
    }

    private func progressed(to newFraction: Double) {
        fraction = min(1, max(fraction, newFraction))
        lastSign = .now
        stepsAtLastSign = signals.stepsDone
        observer.progressed(to: fraction)
    }

    /// A sign of life every second, but only where something was done since the last.
    private func reportLiveness() {
        guard signals.stepsDone != stepsAtLastSign, ContinuousClock.now - lastSign >= .seconds(1) else {
            return
        }
        progressed(to: done)
    }
}
