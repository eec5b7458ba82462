import KotibModel

extension RecordingWarning {
    /// One sentence to the recording's owner: the doubt, and what to do.
    public func sentence(in language: Language) -> String {
        switch language {
        case .english: english
        case .uzbek: uzbek
        case .russian: russian
        }
    }

    private var english: String {
        switch code {
        case .speechWithoutWords:
            "Somebody speaks here\(amount(" (about %@ s)")), but no words could be made out; listen to it, and try a "
                + "better recording or another language setting."
        case .noSpeechHeard:
            "No speech was heard in this recording\(amount(", though %@ s of it are sound")). If somebody speaks in it, "
                + "listen to it, and try a louder or clearer recording."
        case .soundSetAside:
            "A part\(amount(" (about %@ s)")) has sound of which no reliable words could be made; listen to it there."
        case .shorterThanPromised:
            "The file ends before its header says\(amount(" (about %@ s are missing)")); it was transcribed as far as "
                + "it goes. Put the whole file here if you have it."
        case .longerThanPromised:
            "The file holds more sound than its header says\(amount(" (about %@ s more)")); all of it was transcribed."
        case .trackLeftOut:
            "The file has several audio tracks or channels, and one\(amount(" (about %@ s)")) cannot be read, or there "
                + "are too many; the others were transcribed. If words are missing, save what is missing as a recording "
                + "of its own."
        case .recordingLeftOut:
            "The file holds several recordings, one behind the other, and one\(amount(" (about %@ s)")) cannot be read; "
                + "the others were transcribed. Save that one as a recording of its own, as WAV or MP3."
        case .unwrittenPart:
            "A part of the file was never written\(amount(" (about %@ s)")): probably a download that broke off. Put "
                + "the whole file here if you have it."
        case .blankEnd:
            "The end of the recording\(amount(" (about %@ s)")) is complete silence: a microphone that was switched off, or "
                + "a copy that broke off. Put the whole file here if sound is missing."
        }
    }

    private var uzbek: String {
        switch code {
        case .speechWithoutWords:
            "Bu yerda kimdir gapiryapti\(amount(" (taxminan %@ s)")), lekin soʻzlarni ajratib boʻlmadi; yozuvni eshitib "
                + "koʻring, sifatliroq yozuv yoki boshqa til sozlamasini sinang."
        case .noSpeechHeard:
            "Bu yozuvda gap eshitilmadi\(amount(", garchi %@ s tovush boʻlsa ham")). Unda kimdir gapirayotgan boʻlsa, "
                + "eshitib koʻring va balandroq yoki tiniqroq yozuvni sinang."
        case .soundSetAside:
            "Bir qismida\(amount(" (taxminan %@ s)")) ishonchli soʻz ajratib boʻlmaydigan tovush bor; oʻsha joyini "
                + "eshitib koʻring."
        case .shorterThanPromised:
            "Fayl oʻz sarlavhasida aytilganidan oldin tugaydi\(amount(" (taxminan %@ s yetishmaydi)")); bor qismi matnga "
                + "aylantirildi. Toʻliq fayl boʻlsa, shu yerga qoʻying."
        case .longerThanPromised:
            "Faylda sarlavhasida aytilganidan koʻproq tovush bor\(amount(" (taxminan %@ s ortiq)")); hammasi matnga "
                + "aylantirildi."
        case .trackLeftOut:
            "Faylda bir necha tovush yoʻli yoki kanali bor, ulardan birini\(amount(" (taxminan %@ s)")) oʻqib boʻlmadi "
                + "yoki ular juda koʻp; qolganlari matnga aylantirildi. Soʻzlar yetishmasa, yetishmaganini alohida yozuv "
                + "qilib saqlang."
        case .recordingLeftOut:
            "Faylda ketma-ket bir necha yozuv bor, ulardan birini\(amount(" (taxminan %@ s)")) oʻqib boʻlmadi; qolganlari "
                + "matnga aylantirildi. Oʻshani WAV yoki MP3 shaklida alohida yozuv qilib saqlang."
        case .unwrittenPart:
            "Faylning bir qismi yozilmay qolgan\(amount(" (taxminan %@ s)")): yuklab olish uzilgan boʻlsa kerak. Toʻliq "
                + "fayl boʻlsa, shu yerga qoʻying."
        case .blankEnd:
            "Yozuvning oxiri\(amount(" (taxminan %@ s)")) butunlay jim: mikrofon oʻchirilgan yoki nusxa olish uzilgan "
                + "boʻlishi mumkin. Tovush yetishmasa, toʻliq faylni shu yerga qoʻying."
        }
    }

    private var russian: String {
        switch code {
        case .speechWithoutWords:
            "Здесь кто-то говорит\(amount(" (около %@ с)")), но слов разобрать не удалось; прослушайте запись, попробуйте "
                + "запись получше или другой язык в настройках."
        case .noSpeechHeard:
            "В этой записи речи не слышно\(amount(", хотя в ней %@ с звука")). Если в ней кто-то говорит, прослушайте её "
                + "и попробуйте запись погромче или почище."
        case .soundSetAside:
            "В части записи\(amount(" (около %@ с)")) есть звук, из которого не удалось получить надёжных слов; "
                + "прослушайте её."
        case .shorterThanPromised:
            "Файл кончается раньше, чем сказано в его заголовке\(amount(" (не хватает около %@ с)")); расшифровано то, "
                + "что есть. Положите сюда целый файл, если он у вас есть."
        case .longerThanPromised:
            "В файле больше звука, чем сказано в его заголовке\(amount(" (примерно на %@ с)")); расшифровано всё."
        case .trackLeftOut:
            "В файле несколько звуковых дорожек или каналов, и один из них\(amount(" (около %@ с)")) прочитать не "
                + "удалось, или их слишком много; остальные расшифрованы. Если слов не хватает, сохраните недостающее "
                + "отдельной записью."
        case .recordingLeftOut:
            "В файле несколько записей подряд, и одну из них\(amount(" (около %@ с)")) прочитать не удалось; остальные "
                + "расшифрованы. Сохраните её отдельной записью, как WAV или MP3."
        case .unwrittenPart:
            "Часть файла не была записана\(amount(" (около %@ с)")): вероятно, загрузка прервалась. Положите сюда целый "
                + "файл, если он у вас есть."
        case .blankEnd:
            "В конце записи\(amount(" (около %@ с)")) полная тишина: микрофон был выключен, или копирование прервалось. "
                + "Если звука не хватает, положите сюда целый файл."
        }
    }

    /// `form` with the seconds in place of its `%@`; empty where they are not known.
    private func amount(_ form: String) -> String {
        guard let seconds else { return "" }
        let tenths = (seconds * 10).rounded()
        let whole = tenths.truncatingRemainder(dividingBy: 10) == 0
        // Bounded by RecordingWarning.longest, so that the conversions cannot trap.
        let text = whole || tenths >= 1000 ? "\(Int(tenths / 10))" : "\(tenths / 10)"
        return form.replacing("%@", with: text)
    }
}

extension ExtensionMismatch {
    /// One sentence or two to the person whose recording it is, once it was transcribed.
    public func sentence(in language: Language) -> String {
        let ending = right.rawValue
        return switch language {
        case .english:
            "The file is a recording of the kind \(kind); the ending .\(ending) would be right. It was transcribed all "
                + "the same."
        case .uzbek:
            "Fayl aslida \(kind) turidagi yozuv; unga .\(ending) tugallanmasi toʻgʻri boʻlardi. Shunday boʻlsa ham u "
                + "matnga aylantirildi."
        case .russian:
            "На самом деле это запись вида \(kind); правильным было бы окончание .\(ending). Она всё равно расшифрована."
        }
    }

    /// The name of the kind, as people and players know it.
    private var kind: String {
        switch right {
        case .mp3: "MP3"
        case .wav: "WAV"
        case .m4a, .mp4: "MP4 (M4A)"
        case .mov: "QuickTime"
        case .threeGP: "3GP"
        case .flac: "FLAC"
        case .ogg, .oga, .opus: "Ogg"
        case .webm: "WebM (Matroska)"
        case .aac: "AAC (ADTS)"
        case .amr: "AMR"
        case .wma: "Windows Media"
        case .caf: "CAF (Core Audio)"
        }
    }
}

/// The sentence beside a recording that grew, for a person whose quota has no room for the added part.
public enum GrowthSentence {
    public static func text(about name: String, in language: Language) -> String {
        switch language {
        case .english:
            "What was added to “\(name)” is not transcribed yet: there is no room for it in your quota. Leave it "
                + "here, and it is taken by itself when you delete recordings that are not needed, or after "
                + "midnight where the minutes are used; the text of the beginning stays."
        case .uzbek:
            "“\(name)” fayliga qoʻshilgan qism hali matnga aylantirilmadi: sizga ajratilgan joyda unga oʻrin yoʻq. "
                + "Faylni shu yerda qoldiring: keraksiz yozuvlarni oʻchirsangiz yoki, daqiqalar tugagan boʻlsa, "
                + "yarim tundan keyin u oʻzi qabul qilinadi; bosh qismining matni qoladi."
        case .russian:
            "Добавленное к «\(name)» ещё не расшифровано: в вашей квоте нет для него места. Оставьте файл здесь: "
                + "добавленное будет принято само, когда вы удалите ненужные записи или, если кончились минуты, "
                + "после полуночи; текст начала остаётся."
        }
    }
}
