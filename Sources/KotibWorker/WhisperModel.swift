import CWhisper

/// A loaded Whisper model.
///
/// Sendable because its weights are only read once it is loaded: all that a transcription writes is in a state,
/// of which each ``WhisperDecoder`` has its own. whisper.cpp's own `whisper_full_parallel` runs several states on
/// one context at once, on several threads.
final class WhisperModel: @unchecked Sendable {
    let context: OpaquePointer
    /// Such as `base-q8_0`.
    let name: String
    /// Without it the model knows English only.
    let isMultilingual: Bool
    /// Positions of the encoder's context that 30 s of audio take: 1500.
    let fullContext: Int

    /// - Throws: ``EngineFailure`` where the file is no such model.
    init(path: String) throws(EngineFailure) {
        var parameters = whisper_context_default_params()
        parameters.use_gpu = false
        guard let context = whisper_init_from_file_with_params_no_state(path, parameters) else {
            throw WhisperLog.failure("cannot load the Whisper model \(path)")
        }
        self.context = context
        name = Self.name(of: path)
        isMultilingual = whisper_is_multilingual(context) != 0
        fullContext = Int(whisper_n_audio_ctx(context))
    }

    deinit {
        whisper_free(context)
    }

    /// `ggml-base-q8_0.bin`, as whisper.cpp names its models, is called `base-q8_0`.
    static func name(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        if name.hasPrefix("ggml-") { name.removeFirst(5) }
        if name.hasSuffix(".bin") { name.removeLast(4) }
        return name
    }

    /// - Parameter language: ISO 639-1.
    func knows(_ language: String) -> Bool {
        isMultilingual ? whisper_lang_id(language) >= 0 : language == "en"
    }
}
