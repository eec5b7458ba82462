import CWhisper
import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// A loaded Whisper model.
///
/// Sendable because its weights are only read once it is loaded: all that a transcription writes is in a
/// state, of which each ``WhisperDecoder`` has its own. whisper.cpp's own `whisper_full_parallel` runs
/// several states on one context at once, on several threads.
final class WhisperModel: @unchecked Sendable {
    let context: OpaquePointer
    /// Such as `base-q8_0`.
    let name: String
    /// The state of the file when it was loaded; nil if it changed meanwhile.
    let file: FileIdentity?
    /// Without it the model knows English only.
    let isMultilingual: Bool
    /// Positions of the encoder's context that 30 s of audio take: 1500.
    let fullContext: Int

    /// - Throws: ``EngineFailure`` where the file is no such model.
    init(path: String) throws(EngineFailure) {
        var parameters = whisper_context_default_params()
        parameters.use_gpu = false
        let before = Self.identity(of: path)
        guard let context = whisper_init_from_file_with_params_no_state(path, parameters) else {
            throw WhisperLog.failure("cannot load the Whisper model \(path)")
        }
        self.context = context
        name = WorkerReady.modelName(of: path)
        file = before == Self.identity(of: path) ? before : nil
        isMultilingual = whisper_is_multilingual(context) != 0
        fullContext = Int(whisper_n_audio_ctx(context))
    }

    deinit {
        whisper_free(context)
    }

    private static func identity(of path: String) -> FileIdentity? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        return try? FileStatus(of: OpenFile(owning: descriptor)).identity
    }

    /// - Parameter language: ISO 639-1.
    func knows(_ language: String) -> Bool {
        isMultilingual ? whisper_lang_id(language) >= 0 : language == "en"
    }
}
