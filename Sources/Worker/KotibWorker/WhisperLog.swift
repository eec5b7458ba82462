import CWhisper
import Glibc
import Synchronization

/// Receives whisper.cpp's messages: warnings go to standard error, errors into the ``EngineFailure`` that
/// follows them, the rest nowhere.
enum WhisperLog {
    private static let lastError = Mutex("")

    /// Takes the messages over; to be called before anything else of whisper.cpp.
    static func install() {
        // Covers ggml's messages too.
        whisper_log_set({ level, text, _ in WhisperLog.receive(level, text) }, nil)
    }

    /// A failure that ends with what whisper.cpp said last.
    static func failure(_ message: String) -> EngineFailure {
        let reason = lastError.withLock { last in
            defer { last = "" }
            return last
        }
        return EngineFailure(message: reason.isEmpty ? message : "\(message): \(reason)")
    }

    private static func receive(_ level: ggml_log_level, _ text: UnsafePointer<CChar>?) {
        guard let text else { return }
        switch level {
        case GGML_LOG_LEVEL_ERROR:
            let message = String(cString: text)
            lastError.withLock { $0 = SpeechText.plain(message) }
        case GGML_LOG_LEVEL_WARN:
            _ = write(STDERR_FILENO, text, strlen(text))
        default:
            break
        }
    }
}
