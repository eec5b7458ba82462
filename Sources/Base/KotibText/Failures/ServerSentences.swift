/// Reasons for which a transcription server gave no transcript. `server` is host and port; details are quoted
/// from the server, libcurl or the system.
extension Sentence {
    /// This sentence, followed by the server's message.
    /// - Parameters:
    ///   - status: of HTTP.
    ///   - message: from the server; empty for none.
    public func with(status: Int, _ message: String) -> Sentence {
        let rest = message.isEmpty ? " (\(status))." : " (\(status)): \(message)"
        return Sentence { text(in: $0) + rest }
    }

    public static func keyRefused(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) API kalitini yoki uning huquqlarini qabul qilmadi",
            english: "\(server) refuses the API key or what it may do",
            russian: "\(server) не принимает ключ API или его права")
    }

    public static func paymentRequired(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) toʻlov talab qilmoqda",
            english: "\(server) wants to be paid",
            russian: "\(server) требует оплаты")
    }

    public static func quotaSpent(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) serveridagi kvota tugagan",
            english: "The quota at \(server) is spent",
            russian: "Квота на \(server) исчерпана")
    }

    public static func tooManyRequests(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) soʻrovlarni kamaytirishni soʻramoqda",
            english: "\(server) asks for fewer requests",
            russian: "\(server) просит присылать меньше запросов")
    }

    public static func overloaded(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) haddan tashqari band yoki ishlamayapti",
            english: "\(server) is overloaded or down",
            russian: "\(server) перегружен или не работает")
    }

    public static func settingsRefused(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) sozlamalarni qabul qilmadi",
            english: "\(server) does not take the settings",
            russian: "\(server) не принимает настройки")
    }

    public static func recordingRefused(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) bu yozuvni qabul qilmadi",
            english: "\(server) does not take this recording",
            russian: "\(server) не принимает эту запись")
    }

    public static func notTranscribedNow(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) buni hozir matnga aylantira olmadi",
            english: "\(server) could not transcribe this now",
            russian: "\(server) сейчас не смог это расшифровать")
    }

    public static func redirected(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) boshqa manzilga yoʻllamoqda, Kotib esa unga oʻtmaydi; asosiy manzilni "
                + "(base URL) tekshiring",
            english: "\(server) sends us elsewhere, where we do not follow; check the base URL",
            russian: "\(server) отсылает по другому адресу, куда Kotib не переходит; проверьте базовый "
                + "адрес (base URL)")
    }

    public static func nothingThere(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) serverida bu manzilda matnga aylantirish yoʻq; asosiy manzil (base URL) va "
                + "modelni tekshiring",
            english: "\(server) has no transcription there; check the base URL and the model",
            russian: "На \(server) по этому адресу расшифровки нет; проверьте базовый адрес (base URL) и "
                + "модель")
    }

    public static func unexpectedAnswer(_ server: String) -> Sentence {
        Sentence(
            uzbek: "\(server) kutilmagan javob berdi",
            english: "\(server) gave an unexpected answer",
            russian: "\(server) дал неожиданный ответ")
    }

    public static func foreignAnswer(_ server: String, _ detail: String) -> Sentence {
        Sentence(
            uzbek: "\(server) javobi matn emas (\(detail)); asosiy manzilni (base URL) tekshiring.",
            english: "\(server) answered with \(detail); check the base URL.",
            russian: "\(server) ответил не тем (\(detail)); проверьте базовый адрес (base URL).")
    }

    public static func brokenAnswer(_ server: String, _ detail: String) -> Sentence {
        Sentence(
            uzbek: "\(server) javobi buzuq (\(detail)).",
            english: "\(server) answered with \(detail).",
            russian: "\(server) дал испорченный ответ (\(detail)).")
    }

    /// - Parameter limit: bytes.
    public static func answerTooLarge(_ server: String, _ limit: Int64) -> Sentence {
        let limit = mebibytes(limit)
        return Sentence(
            uzbek: "\(server) javobi \(limit.uzbek) dan katta.",
            english: "\(server) answered with more than \(limit.english).",
            russian: "\(server) дал ответ больше \(limit.russian).")
    }

    public static func noRequest(_ server: String, _ detail: String) -> Sentence {
        Sentence(
            uzbek: "\(server) serveriga soʻrov yuborib boʻlmaydi: \(detail).",
            english: "No request can be made to \(server): \(detail).",
            russian: "К \(server) нельзя отправить запрос: \(detail).")
    }

    public static func unreachable(_ server: String, _ detail: String) -> Sentence {
        Sentence(
            uzbek: "\(server) serveriga ulanib boʻlmayapti: \(detail).",
            english: "\(server) cannot be reached: \(detail).",
            russian: "\(server) недоступен: \(detail).")
    }

    public static func connectionFailed(_ server: String, _ detail: String) -> Sentence {
        Sentence(
            uzbek: "\(server) bilan aloqa uzildi: \(detail).",
            english: "The connection to \(server) failed: \(detail).",
            russian: "Связь с \(server) прервалась: \(detail).")
    }
}

/// Reasons for which a recording cannot be sent to a server.
extension Sentence {
    /// - Parameter least: seconds.
    public static func tooShortToSend(_ least: Double) -> Sentence {
        Sentence(
            uzbek: "Yozuv \(least) soniyadan qisqa, bu juda kam.",
            english: "The recording is shorter than \(least) s, which is too short.",
            russian: "Запись короче \(least) с, этого слишком мало.")
    }

    /// - Parameters:
    ///   - size: bytes of the recording.
    ///   - limit: bytes of a request.
    public static func tooLargeToSend(_ size: Int64, to server: String, _ limit: Int64) -> Sentence {
        let (size, limit) = (mebibytes(size), mebibytes(limit))
        return Sentence(
            uzbek: "Yozuv hajmi \(size.uzbek), \(server) esa bitta soʻrovda \(limit.uzbek) qabul qiladi. "
                + "MP3 kabi kuchliroq siqish uni kichraytiradi; koʻproq qabul qiladigan server uchun "
                + "yuborish chegarasini oshirish mumkin.",
            english: "The recording has \(size.english), and \(server) takes \(limit.english) in one "
                + "request. A stronger compression, such as MP3, makes it smaller; a server that takes "
                + "more can be given a higher upload limit.",
            russian: "Размер записи \(size.russian), а \(server) принимает за один запрос "
                + "\(limit.russian). Более сильное сжатие, например MP3, уменьшит её; серверу, который "
                + "принимает больше, можно задать больший предел.")
    }

    /// - Parameters:
    ///   - duration: seconds of the recording.
    ///   - limit: bytes of a request.
    ///   - fitting: seconds of speech that fit into it as Ogg Opus.
    public static func tooLongAsOpus(
        _ duration: Double, to server: String, _ limit: Int64, fitting: Double
    ) -> Sentence {
        let (limit, whole, part) = (mebibytes(limit), time(duration), time(fitting))
        return Sentence(
            uzbek: "Yozuv davomiyligi \(whole.uzbek), \(server) esa bitta soʻrovda \(limit.uzbek) qabul "
                + "qiladi, bu koʻpi bilan \(part.uzbek) nutq. Uni qisqaroq yozuvlarga boʻling; koʻproq "
                + "qabul qiladigan server uchun chegarani oshirish mumkin (openai.max_request).",
            english: "The recording lasts \(whole.english), and \(server) takes \(limit.english) in one "
                + "request, which is \(part.english) of speech at the most. Cut it into shorter "
                + "recordings; a server that takes more can be given a higher limit (openai.max_request).",
            russian: "Запись длится \(whole.russian), а \(server) принимает за один запрос "
                + "\(limit.russian), это не больше \(part.russian) речи. Разделите её на более короткие; "
                + "серверу, который принимает больше, можно задать больший предел (openai.max_request).")
    }

    /// The parameters are those of ``tooLongAsOpus(_:to:_:fitting:)``, `fitting` being seconds as FLAC.
    public static func tooLongAsFLAC(
        _ duration: Double, to server: String, _ limit: Int64, fitting: Double
    ) -> Sentence {
        let (limit, whole, part) = (mebibytes(limit), time(duration), time(fitting))
        return Sentence(
            uzbek: "Yozuv davomiyligi \(whole.uzbek), \(server) esa bitta soʻrovda \(limit.uzbek) qabul "
                + "qiladi, bu FLAC holida yozuvning \(part.uzbek)lik qismi. Opus uni ancha kichraytiradi "
                + "(openai.encode = \"opus\"); koʻproq qabul qiladigan server uchun chegarani oshirish "
                + "mumkin (openai.max_request).",
            english: "The recording lasts \(whole.english), and \(server) takes \(limit.english) in one "
                + "request, which is \(part.english) of it as FLAC. Opus makes it much smaller "
                + "(openai.encode = \"opus\"); a server that takes more can be given a higher limit "
                + "(openai.max_request).",
            russian: "Запись длится \(whole.russian), а \(server) принимает за один запрос "
                + "\(limit.russian), это \(part.russian) записи во FLAC. Opus намного уменьшит её "
                + "(openai.encode = \"opus\"); серверу, который принимает больше, можно задать больший "
                + "предел (openai.max_request).")
    }

    /// "11 h 4 min", "13 min 39 s", "7 s"; rounded down.
    private static func time(_ seconds: Double) -> Sentence {
        let whole = Int(max(0, min(seconds, 1e9)))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        func text(_ hour: String, _ minute: String, _ second: String) -> String {
            if hours > 0 { return "\(hours) \(hour) \(minutes) \(minute)" }
            return minutes > 0 ? "\(minutes) \(minute) \(whole % 60) \(second)" : "\(whole) \(second)"
        }
        return Sentence(
            uzbek: text("soat", "daqiqa", "soniya"), english: text("h", "min", "s"),
            russian: text("ч", "мин", "с"))
    }

    /// To one decimal, rounded up, so that a value above a limit also reads so.
    private static func mebibytes(_ bytes: Int64) -> Sentence {
        let tenths = (bytes * 10 + (1 << 20) - 1) >> 20
        let number = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        return Sentence(uzbek: "\(number) MiB", english: "\(number) MiB", russian: "\(number) МиБ")
    }
}
