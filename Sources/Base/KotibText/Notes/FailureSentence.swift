/// The text of `X.failed.txt`: the recording was taken, but no engine could transcribe it.
public enum FailureSentence {
    /// - Parameters:
    ///   - name: the file's name, readable.
    ///   - cause: the engine's own sentence.
    public static func text(about name: String, cause: String, in language: Language) -> String {
        let cause = String(cause.reversed().drop { $0 == "." || $0.isWhitespace }.reversed())
        return switch language {
        case .english:
            "“\(name)” could not be transcribed: \(cause); to try once more, put the recording here anew."
        case .uzbek:
            "“\(name)” matnga aylantirilmadi: \(cause); yana urinish uchun yozuvni qaytadan qoʻying."
        case .russian:
            "«\(name)» не удалось расшифровать: \(cause); чтобы попробовать снова, положите запись ещё раз."
        }
    }
}
