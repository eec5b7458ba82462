import CWhisper

/// Decodes windows of speech, one at a time, on any one thread at a time.
final class WhisperDecoder {
    private let model: WhisperModel
    private let state: OpaquePointer
    /// Kept, because making them opens a file to count the processors.
    private let defaults = whisper_full_default_params(WHISPER_SAMPLING_GREEDY)

    /// - Throws: ``EngineFailure`` where memory does not suffice.
    init(model: WhisperModel) throws(EngineFailure) {
        guard let state = whisper_init_state(model.context) else {
            throw WhisperLog.failure("cannot set up \(model.name)")
        }
        self.model = model
        self.state = state
    }

    deinit {
        whisper_free_state(state)
    }

    private var longestContext: Int { model.fullContext / Self.step * Self.step }

    /// Allocates everything that a decoder and its threads need at their first use: memory, files under /sys,
    /// threads.
    func warmUp(threads: Int) {
        let silence = [Float](repeating: 0, count: 16_000)
        var settings = Settings(language: "en", threads: threads, signals: WhisperSharedState())
        settings.context = context(for: silence.count)
        settings.longestText = 1
        _ = try? run(silence, settings)
    }

    /// The spoken language, ISO 639-1; nil if cancelled.
    /// - Parameter samples: speech; more than ``enoughForLanguage`` costs without need.
    func detectLanguage(
        _ samples: [Float], threads: Int, signals: WhisperSharedState
    ) throws(EngineFailure) -> String? {
        // whisper_lang_auto_detect takes the spectrogram and the length of the context from the state, where
        // only whisper_full puts them: it is stopped before it encodes.
        var settings = Settings(language: "en", threads: threads, signals: signals)
        settings.context = context(for: samples.count)
        settings.onlyPrepares = true
        _ = try run(samples, settings)
        let id = whisper_lang_auto_detect_with_state(model.context, state, 0, Int32(threads), nil)
        signals.step()
        if signals.isCancelled { return nil }
        guard id >= 0, let language = whisper_lang_str(id) else {
            throw WhisperLog.failure("cannot detect the language")
        }
        return String(cString: language)
    }

    /// Samples (9 s): what fills a context of 512 positions.
    static let enoughForLanguage = (2 * step - margin) * 320

    /// Decodes `samples`, at most ``longestWindow``, greedily. Nil if cancelled.
    /// Times are in samples from the first.
    ///
    /// Nothing is left to chance, so the same samples give the same words whatever was heard before:
    /// whisper.cpp throws dice at temperatures above 0 and in beam searches, and its random numbers go on
    /// from window to window (`whisper_state::decoders[0].rng` is seeded by whisper_init_state only).
    /// - Parameter isWide: with the longest context in place of the shortest that holds the samples.
    func hear(
        _ samples: [Float], isWide: Bool, language: String, threads: Int, signals: WhisperSharedState
    ) throws(EngineFailure) -> WhisperResult? {
        var settings = Settings(language: language, threads: threads, signals: signals)
        settings.context = isWide ? longestContext : context(for: samples.count)
        return try run(samples, settings)
    }

    /// Whether the shortest context that holds so many samples is not the longest there is.
    func isCut(_ samples: Int) -> Bool { context(for: samples) < longestContext }

    // MARK: - One run

    private struct Settings {
        var language: String
        var threads: Int
        var signals: WhisperSharedState
        /// Positions.
        var context = 0
        /// Tokens a segment; 0 is any number.
        var longestText = 0
        /// Ends before the encoder.
        var onlyPrepares = false
    }

    /// Positions of the encoder's context for so many samples: 50 a second, and a margin without which
    /// Whisper loses the last words. The encoder's cost follows them.
    private func context(for samples: Int) -> Int {
        Self.context(for: samples, longest: longestContext)
    }

    /// A multiple of 256, always: with flash attention, whisper.cpp 1.8.5 reads its memory up to the next
    /// multiple, and finds there what an earlier window left, perhaps of another recording. Never 256 itself:
    /// in so short a context five of eight phrases of 2 s came twice, in 512 none.
    static func context(for samples: Int, longest: Int) -> Int {
        let positions = (samples + 319) / 320 + margin
        return min(max(2, (positions + step - 1) / step) * step, longest)
    }

    /// The longest window, in samples (24.3 s): the context of 30 s, 1500 positions, is no multiple of 256.
    static let longestWindow = (1280 - margin) * 320
    private static let margin = 64
    private static let step = 256

    /// Returns nil where cancelled, and where the settings say only to prepare.
    private func run(_ samples: [Float], _ settings: Settings) throws(EngineFailure) -> WhisperResult? {
        var parameters = parameters(settings)
        let status = settings.language.withCString { language in
            parameters.language = language
            return withExtendedLifetime(settings.signals) {
                whisper_full_with_state(model.context, state, parameters, samples, Int32(samples.count))
            }
        }
        if settings.signals.isCancelled || settings.onlyPrepares { return nil }
        guard status == 0 else { throw WhisperLog.failure("Whisper failed (\(status))") }
        return result(of: samples.count)
    }

    private func parameters(_ settings: Settings) -> whisper_full_params {
        var parameters = defaults
        parameters.n_threads = Int32(settings.threads)
        parameters.audio_ctx = Int32(settings.context)
        parameters.max_tokens = Int32(settings.longestText)
        // The likeliest token always, and no other try of whisper.cpp's own.
        parameters.temperature = 0
        parameters.temperature_inc = 0
        parameters.greedy.best_of = 1
        // Each window by itself: text from before costs time and makes loops.
        parameters.no_context = true
        parameters.n_max_text_ctx = 0
        // Above every probability: in 1.8.5 that of "no speech" is computed from stale values.
        parameters.no_speech_thold = 2
        parameters.print_progress = false
        parameters.print_realtime = false
        parameters.print_timestamps = false
        let signals = Unmanaged.passUnretained(settings.signals).toOpaque()
        parameters.abort_callback = { WhisperDecoder.signals($0)?.stepAndAsk() ?? false }
        parameters.abort_callback_user_data = signals
        if settings.onlyPrepares {
            parameters.encoder_begin_callback = { _, _, _ in false }
        } else {
            parameters.encoder_begin_callback = { !(WhisperDecoder.signals($2)?.stepAndAsk() ?? false) }
        }
        parameters.encoder_begin_callback_user_data = signals
        return parameters
    }

    private static func signals(_ pointer: UnsafeMutableRawPointer?) -> WhisperSharedState? {
        pointer.map { Unmanaged<WhisperSharedState>.fromOpaque($0).takeUnretainedValue() }
    }

    private func result(of length: Int) -> WhisperResult {
        let endOfText = whisper_token_eot(model.context)
        let segments = (0..<whisper_full_n_segments_from_state(state)).map { index in
            let tokens = (0..<whisper_full_n_tokens_from_state(state, index)).map {
                whisper_full_get_token_data_from_state(state, index, $0)
            }
            // Times come in hundredths of a second.
            let start = Int(whisper_full_get_segment_t0_from_state(state, index)) * 160
            let end = Int(whisper_full_get_segment_t1_from_state(state, index)) * 160
            return WhisperResult.Segment(
                start: min(max(0, start), length), end: min(max(0, end), length),
                text: whisper_full_get_segment_text_from_state(state, index).map(Self.bytes) ?? [],
                tokens: tokens.filter { $0.id < endOfText }.map(\.id),
                logProbability: tokens.reduce(0) { $0 + $1.plog } / Float(max(1, tokens.count)))
        }
        return WhisperResult(segments: segments, length: length)
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        var next = text
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        return bytes
    }
}

extension WhisperSharedState {
    /// Counts a step; true ends the work.
    fileprivate func stepAndAsk() -> Bool {
        step()
        return isCancelled
    }
}
