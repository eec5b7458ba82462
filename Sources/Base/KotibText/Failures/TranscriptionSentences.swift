/// Reasons for which a recording is not transcribed, or not yet. Details are quoted from the program that
/// failed.
extension Sentence {
    public static func notTranscribed(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Yozuvni matnga aylantirib boʻlmadi: \(detail)",
            english: "The recording could not be transcribed: \(detail)",
            russian: "Запись не удалось расшифровать: \(detail)")
    }

    public static func notReencoded(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Yozuvni qayta kodlab boʻlmadi: \(detail)",
            english: "The recording could not be re-encoded: \(detail)",
            russian: "Запись не удалось перекодировать: \(detail)")
    }

    public static func notOpened(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Yozuvni ochib boʻlmadi: \(detail)",
            english: "The recording could not be opened: \(detail)",
            russian: "Запись не удалось открыть: \(detail)")
    }

    public static func notRead(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Yozuvni oʻqib boʻlmadi: \(detail).",
            english: "The recording could not be read: \(detail).",
            russian: "Запись не удалось прочитать: \(detail).")
    }

    public static func noMemoryToReencode(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Yozuvni qayta kodlashga xotira yetmadi: \(detail).",
            english: "There is no memory to re-encode the recording: \(detail).",
            russian: "Не хватило памяти, чтобы перекодировать запись: \(detail).")
    }

    /// - Parameter end: a clause in English, such as "was ended by signal 11 (Segmentation fault)".
    public static func transcribingWorker(_ end: String) -> Sentence {
        Sentence(
            uzbek: "Matnga aylantiruvchi jarayon ishni uddalay olmadi (\(end)).",
            english: "The transcribing worker \(end).",
            russian: "Процесс расшифровки не справился (\(end)).")
    }

    /// - Parameter end: as of ``transcribingWorker(_:)``.
    public static func encodingWorker(_ end: String) -> Sentence {
        Sentence(
            uzbek: "Qayta kodlovchi jarayon ishni uddalay olmadi (\(end)).",
            english: "The encoding worker \(end).",
            russian: "Процесс перекодирования не справился (\(end)).")
    }

    /// - Parameter limit: bytes.
    public static func transcriptTooLong(_ limit: Int) -> Sentence {
        Sentence(
            uzbek: "Matn \(limit) baytdan oshib ketdi.",
            english: "The transcript grew beyond \(limit) bytes.",
            russian: "Текст стал больше \(limit) байт.")
    }

    public static func settingsNotRead(_ detail: String) -> Sentence {
        Sentence(
            uzbek: "Foydalanuvchi sozlamalarini oʻqib boʻlmadi: \(detail)",
            english: "The user's settings cannot be read: \(detail)",
            russian: "Не удалось прочитать настройки пользователя: \(detail)")
    }

    public static let engineChanged = Sentence(
        uzbek: "Bu orada foydalanuvchiga boshqa dvigatel tayinlandi.",
        english: "The user was given another engine meanwhile.",
        russian: "Пользователю тем временем назначен другой движок.")
    public static let staysHere = Sentence(
        uzbek: "Bu foydalanuvchining yozuvlari shu kompyuterdan chiqmaydi, unda esa hozir dvigatel yoʻq "
            + "(queue.engine, queue.other_engines, kotibctl user set --engine)",
        english: "Recordings of this user stay on this machine, and it has no engine now (queue.engine, "
            + "queue.other_engines, kotibctl user set --engine)",
        russian: "Записи этого пользователя не покидают этот компьютер, а движка на нём сейчас нет "
            + "(queue.engine, queue.other_engines, kotibctl user set --engine)")
    public static let engineStopped = Sentence(
        uzbek: "Dvigatel sababini aytmay toʻxtadi.",
        english: "The engine stopped without saying why.",
        russian: "Движок остановился, не сказав почему.")
    public static let notStored = Sentence(
        uzbek: "Matnni saqlab boʻlmadi; sababi jurnalda.",
        english: "The transcript could not be stored; the log says why.",
        russian: "Текст не удалось сохранить; причина в журнале.")
    public static let cancelled = Sentence(
        uzbek: "Bekor qilindi.", english: "Cancelled.", russian: "Отменено.")
    public static let superseded = Sentence(
        uzbek: "Matnga aylantirilishidan oldin oʻrniga boshqa fayl qoʻyildi.",
        english: "Replaced by another file before it was transcribed.",
        russian: "Заменена другим файлом до расшифровки.")

    /// - Parameter times: at least 2.
    public static func interrupted(_ times: Int) -> Sentence {
        Sentence(
            uzbek: "Bu yozuv matnga aylantirilayotganda xizmat \(times) marta toʻxtab qoldi.",
            english: "The service ended \(times) times while it transcribed this recording.",
            russian: "Служба прерывалась при расшифровке этой записи (раз: \(times)).")
    }
}

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
