import CWhisper

/// Silero's voice activity model, run by whisper.cpp on one thread.
///
/// The model remembers what it heard, so a recording may be given in portions of whole frames: the
/// probabilities are bit for bit those of the recording given at once.
final class VoiceDetector {
    /// Samples in a frame, of every Silero model for 16 kHz since version 4.
    static let frame = 512

    private let context: OpaquePointer

    /// - Throws: ``EngineFailure`` where the file is no such model.
    init(model path: String) throws(EngineFailure) {
        var parameters = whisper_vad_default_context_params()
        // The model is small: a second thread costs more than it gives (34 s instead of 1.9 s for 10
        // minutes).
        parameters.n_threads = 1
        parameters.use_gpu = false
        guard let context = whisper_vad_init_from_file_with_params(path, parameters) else {
            throw WhisperLog.failure("cannot load the voice activity model \(path)")
        }
        self.context = context
        guard try probabilities([Float](repeating: 0, count: 2 * Self.frame)).count == 2 else {
            throw EngineFailure(message: "the voice activity model \(path) has another frame length")
        }
    }

    deinit {
        whisper_vad_free(context)
    }

    /// Forgets the recording heard before.
    func reset() {
        whisper_vad_reset_state(context)
    }

    /// How probable speech is in each frame of `samples`; only the last portion of a recording may end within
    /// a frame.
    func probabilities(_ samples: [Float]) throws(EngineFailure) -> [Float] {
        guard whisper_vad_detect_speech_no_reset(context, samples, Int32(samples.count)) else {
            throw WhisperLog.failure("voice activity detection failed")
        }
        return Array(
            UnsafeBufferPointer(start: whisper_vad_probs(context), count: Int(whisper_vad_n_probs(context))))
    }
}
