import KotibModel

/// The sentence for a person whose quota is exceeded. A file in the folder stays there and is accepted as
/// soon as there is room; an upload leaves nothing behind.
extension Rejection {
    func quotaSentence(about name: String, in language: Language) -> String {
        switch language {
        case .english:
            "“\(name)” was not transcribed: \(englishReason); "
                + (exceedsQuotaAlone ? "split it, or ask the administrator for more." : englishWait)
        case .uzbek:
            "“\(name)” matnga aylantirilmadi: \(uzbekReason); "
                + (exceedsQuotaAlone
                    ? "uni boʻlaklarga boʻling yoki administratordan koʻproq soʻrang." : uzbekWait)
        case .russian:
            "«\(name)» не расшифрован: \(russianReason); "
                + (exceedsQuotaAlone
                    ? "разделите его на части или попросите администратора о большем." : russianWait)
        }
    }

    /// The sentence for an uploader; nil where the quota is not the reason.
    /// - Parameter name: empty before it is known.
    func uploadSentence(about name: String, in language: Language) -> String? {
        guard exceedsQuota else { return nil }
        return switch language {
        case .english:
            (name.isEmpty ? "The file" : "“\(name)”") + " was not taken: \(englishReason); "
                + (exceedsQuotaAlone ? "split it, or ask the administrator for more." : englishAgain)
        case .uzbek:
            (name.isEmpty ? "Fayl" : "“\(name)”") + " qabul qilinmadi: \(uzbekReason); "
                + (exceedsQuotaAlone
                    ? "uni boʻlaklarga boʻling yoki administratordan koʻproq soʻrang." : uzbekAgain)
        case .russian:
            (name.isEmpty ? "Файл" : "«\(name)»") + " не принят: \(russianReason); "
                + (exceedsQuotaAlone
                    ? "разделите его на части или попросите администратора о большем." : russianAgain)
        }
    }
}

extension Rejection {
    /// The sentence for a person who edits a transcript.
    func textSentence(in language: Language) -> String {
        switch language {
        case .english:
            "The text was not saved: \(englishReason); "
                + (exceedsQuotaAlone
                    ? "shorten it, or ask the administrator for more."
                    : "delete recordings that are not needed, and save it again.")
        case .uzbek:
            "Matn saqlanmadi: \(uzbekReason); "
                + (exceedsQuotaAlone
                    ? "uni qisqartiring yoki administratordan koʻproq soʻrang."
                    : "keraksiz yozuvlarni oʻchirib, qaytadan saqlang.")
        case .russian:
            "Текст не сохранён: \(russianReason); "
                + (exceedsQuotaAlone
                    ? "сократите его или попросите администратора о большем."
                    : "удалите ненужные записи и сохраните его снова.")
        }
    }
}

extension Rejection {
    var englishReason: String {
        switch self {
        case .overQuotaBytes(let size, _, let limit) where exceedsQuotaAlone:
            "it has \(Self.amount(size)), which never fits into your quota of \(Self.amount(limit))"
        case .overQuotaBytes(_, let used, let limit):
            "there is no room for it, \(Self.amount(used)) of your quota of \(Self.amount(limit)) are used"
        case .overQuotaFiles(let used, let limit):
            "there is no room for another file, you have \(used) and your quota is \(limit)"
        case .overQuotaMinutes(let duration, _, let limit) where exceedsQuotaAlone:
            "it lasts \(Self.minutesAbove(duration)) minutes, which never fits into your quota of "
                + "\(Self.minutes(limit)) minutes a day"
        case .overQuotaMinutes(_, let used, let limit):
            "\(Self.minutes(used, below: limit)) of your \(Self.minutes(limit)) minutes a day are used today, "
                + "and it is longer than the rest"
        default: ""
        }
    }

    private var englishWait: String {
        if case .overQuotaMinutes = self { return "leave it here, and it is taken by itself after midnight." }
        return "delete recordings that are not needed here, and it is taken by itself."
    }

    private var englishAgain: String {
        if case .overQuotaMinutes = self { return "upload it again after midnight." }
        return "delete recordings that are not needed, and upload it again."
    }

    var uzbekReason: String {
        switch self {
        case .overQuotaBytes(let size, _, let limit) where exceedsQuotaAlone:
            "hajmi \(Self.amount(size)), sizga ajratilgan \(Self.amount(limit)) joyga hech qachon sigʻmaydi"
        case .overQuotaBytes(_, let used, let limit):
            "unga joy yoʻq, sizga ajratilgan \(Self.amount(limit)) joydan \(Self.amount(used)) band"
        case .overQuotaFiles(let used, let limit):
            "yana bir faylga joy yoʻq, sizda \(used) ta fayl bor, ruxsat etilgani \(limit) ta"
        case .overQuotaMinutes(let duration, _, let limit) where exceedsQuotaAlone:
            "davomiyligi \(Self.minutesAbove(duration)) daqiqa, kuniga ajratilgan \(Self.minutes(limit)) "
                + "daqiqaga hech qachon sigʻmaydi"
        case .overQuotaMinutes(_, let used, let limit):
            "kuniga ajratilgan \(Self.minutes(limit)) daqiqadan \(Self.minutes(used, below: limit)) daqiqasi "
                + "bugun ishlatilgan, bu yozuv qolganidan uzunroq"
        default: ""
        }
    }

    private var uzbekWait: String {
        if case .overQuotaMinutes = self {
            return "uni shu yerda qoldiring, yarim tundan keyin oʻzi qabul qilinadi."
        }
        return "keraksiz yozuvlarni shu yerdan oʻchiring, shunda oʻzi qabul qilinadi."
    }

    private var uzbekAgain: String {
        if case .overQuotaMinutes = self { return "yarim tundan keyin qaytadan yuklang." }
        return "keraksiz yozuvlarni oʻchirib, qaytadan yuklang."
    }

    var russianReason: String {
        switch self {
        case .overQuotaBytes(let size, _, let limit) where exceedsQuotaAlone:
            "его размер \(Self.amount(size)), и в вашу квоту \(Self.amount(limit)) он никогда не поместится"
        case .overQuotaBytes(_, let used, let limit):
            "для него нет места, из вашей квоты \(Self.amount(limit)) занято \(Self.amount(used))"
        case .overQuotaFiles(let used, let limit):
            "для ещё одного файла нет места, у вас их \(used), а квота \(limit)"
        case .overQuotaMinutes(let duration, _, let limit) where exceedsQuotaAlone:
            "он длится \(Self.minutesAbove(duration)) мин и в вашу квоту \(Self.minutes(limit)) мин в день "
                + "никогда не поместится"
        case .overQuotaMinutes(_, let used, let limit):
            "из ваших \(Self.minutes(limit)) мин в день сегодня использовано \(Self.minutes(used, below: limit)), "
                + "а он длиннее остатка"
        default: ""
        }
    }

    private var russianWait: String {
        if case .overQuotaMinutes = self { return "оставьте его здесь, после полуночи он будет принят сам." }
        return "удалите отсюда ненужные записи, и он будет принят сам."
    }

    private var russianAgain: String {
        if case .overQuotaMinutes = self { return "загрузите его снова после полуночи." }
        return "удалите ненужные записи и загрузите его снова."
    }

    private static func minutes(_ seconds: Double) -> String { decimal(Int64(nearest: seconds / 6)) }

    /// Rounded up to a tenth so that a second too many shows.
    private static func minutesAbove(_ seconds: Double) -> String {
        decimal(Int64(nearest: (seconds / 6).rounded(.up)))
    }

    /// To a tenth, but as much as the limit, or nothing, only where it is that.
    private static func minutes(_ used: Double, below limit: Double) -> String {
        var tenths = Int64(nearest: used / 6)
        if used < limit { tenths = min(tenths, Int64(nearest: (limit / 6).rounded(.up)).minus(1)) }
        if used > 0 { tenths = max(tenths, 1) }
        return decimal(tenths)
    }

    private static func decimal(_ tenths: Int64) -> String {
        tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// In powers of 1024, rounded up to a tenth so that a byte too many shows.
    private static func amount(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["bytes", "KB", "MB", "GB", "TB"]
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        guard unit > 0 else { return "\(bytes) \(units[0])" }
        let tenths = Int64(nearest: (value * 10).rounded(.up))
        return decimal(tenths) + " \(units[unit])"
    }
}
