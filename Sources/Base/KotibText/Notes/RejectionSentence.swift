import KotibModel

extension Rejection {
    /// One sentence to the person who put the file there: what is wrong with it and what to do.
    /// - Parameter name: the file's name, readable (``ByteText``).
    public func sentence(about name: String, in language: Language) -> String {
        if case .folderSettings(let problem) = self { return problem.sentence(about: name, in: language) }
        if exceedsQuota { return quotaSentence(about: name, in: language) }
        return switch language {
        case .english: english(name)
        case .uzbek: uzbek(name)
        case .russian: russian(name)
        }
    }

    private func english(_ name: String) -> String {
        let start = "“\(name)” was not transcribed: "
        return switch self {
        case .unsupportedExtension(let accepted):
            start + "Kotib takes only \(Self.list(accepted)) files; save the recording as one of these "
                + "and put it here."
        case .lookalikeExtension(let meant):
            start
                + "its ending only looks like “.\(meant)”: a blank, a dot, a comma, a number, something invisible, a "
                + "letter of another alphabet or another spelling is in it; rename the file so that it ends with "
                + "“.\(meant)”."
        case .empty:
            start + "the file is empty; copy it here once more."
        case .tooLarge(let size, let limit):
            start + "it is \(Self.megabytes(size)) MB and \(Self.megabytes(limit)) MB is the most; split "
                + "it or save it with a lower bit rate."
        case .tooLong(let duration, let limit):
            start + "it lasts \(Self.minutes(duration)) minutes and \(Self.minutes(limit)) is the most; "
                + "split it into parts."
        case .notAudio(let found):
            start + "it is no audio (its content is \(found)), whatever its name says; put the recording "
                + "itself here."
        case .wrongKind(let found):
            start
                + "its content is \(found), a kind that Kotib cannot read; save the recording as MP3 or WAV "
                + "and put it here."
        case .unsupportedCodec(let codec):
            start
                + "it is whole, but its sound is coded in a way that Kotib cannot decode (\(codec)); save the "
                + "recording as MP3 or ordinary WAV (PCM) and put it here."
        case .incomplete:
            start + "it is incomplete; when the rest of the upload arrives it is taken by itself, and if "
                + "nothing more comes, what is here is transcribed after a while."
        case .noSound:
            start
                + "there is no sound in it; if there should be, save the recording together with its sound and put it "
                + "here."
        case .damaged(let detail):
            start + "it is damaged and cannot be played (\(detail)); copy it here once more or save it "
                + "anew."
        case .symbolicLink:
            start + "it is a link; copy the recording itself here."
        case .linkedFolder:
            "Nothing in “\(name)” is transcribed: it is a link, and Kotib follows none; put the folder itself here, "
                + "or have the administrator mount it here (mount --bind)."
        case .folder:
            start + "it is a folder with a recording's name; recordings inside it are taken as usual."
        case .special:
            start + "it is no ordinary file; copy the recording itself here."
        case .hardLink:
            start + "the same file has another name elsewhere (a hard link); make it a copy of its own "
                + "here."
        case .unreadable:
            start + "Kotib may not read it; allow reading (its permissions) and it is taken by itself."
        case .foreign:
            start
                + "it is another person's file, and the owner of this folder may not read it; ask that person "
                + "to allow it (chmod) or to copy it here, and it is taken by itself."
        case .noFolder:
            start + "it lies outside any folder; put it into the folder with your name (make one if "
                + "there is none)."
        case .notEnrolled:
            start + "this folder is nobody's yet; when the administrator has added it (kotibctl user add) "
                + "the file is taken by itself."
        case .folderSettings, .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes: start
        }
    }

    private func uzbek(_ name: String) -> String {
        let start = "“\(name)” matnga aylantirilmadi: "
        return switch self {
        case .unsupportedExtension(let accepted):
            start + "faqat \(Self.list(accepted)) formatlar qoʻllab-quvvatlanadi; yozuvni shu "
                + "formatlardan birida saqlab, qayta qoʻying."
        case .lookalikeExtension(let meant):
            start
                + "kengaytmasi faqat “.\(meant)”ga oʻxshaydi: ichida boʻsh joy, nuqta, vergul, raqam, koʻrinmas belgi, "
                + "boshqa alifbo harfi yoki boshqacha yozuv bor; nomi “.\(meant)” bilan tugaydigan qilib oʻzgartiring."
        case .empty:
            start + "fayl boʻsh; uni qaytadan nusxalang."
        case .tooLarge(let size, let limit):
            start + "hajmi \(Self.megabytes(size)) MB, \(Self.megabytes(limit)) MB dan oshmasligi kerak; "
                + "boʻlaklarga boʻling yoki siqib saqlang."
        case .tooLong(let duration, let limit):
            start + "davomiyligi \(Self.minutes(duration)) daqiqa, \(Self.minutes(limit)) daqiqadan "
                + "oshmasligi kerak; boʻlaklarga boʻling."
        case .notAudio(let found):
            start + "nomi qanday boʻlishidan qatʼi nazar, bu audio emas (ichida \(found)); yozuvning "
                + "oʻzini qoʻying."
        case .wrongKind(let found):
            start
                + "ichidagi maʼlumot (\(found)) Kotib oʻqiy olmaydigan turda; yozuvni MP3 yoki WAV qilib saqlab, "
                + "shu yerga qoʻying."
        case .unsupportedCodec(let codec):
            start
                + "fayl butun, lekin ovozi Kotib ocha olmaydigan usulda kodlangan (\(codec)); yozuvni MP3 yoki "
                + "oddiy WAV (PCM) qilib saqlab, shu yerga qoʻying."
        case .incomplete:
            start
                + "fayl toʻliq emas; qolgan qismi kelsa oʻzi qabul qilinadi, boshqa hech narsa kelmasa, bor qismi "
                + "birozdan keyin matnga aylantiriladi."
        case .noSound:
            start
                + "unda ovoz yoʻq; boʻlishi kerak boʻlsa, yozuvni ovozi bilan birga saqlab, shu yerga qoʻying."
        case .damaged(let detail):
            start + "fayl buzilgan, oʻqib boʻlmadi (\(detail)); qaytadan nusxalang yoki saqlang."
        case .symbolicLink:
            start + "bu havola; yozuvning oʻzini nusxalang."
        case .linkedFolder:
            "“\(name)” ichidagi yozuvlar matnga aylantirilmaydi: bu havola, Kotib esa havolalar ortidan bormaydi; "
                + "papkaning oʻzini shu yerga qoʻying yoki administrator uni shu yerga ulasin (mount --bind)."
        case .folder:
            start + "bu yozuv nomli papka; ichidagi yozuvlar odatdagidek qabul qilinadi."
        case .special:
            start + "bu oddiy fayl emas; yozuvning oʻzini nusxalang."
        case .hardLink:
            start + "shu faylning boshqa joyda ham nomi bor (qattiq havola); bu yerga alohida nusxa "
                + "qoʻying."
        case .unreadable:
            start + "Kotib uni oʻqiy olmaydi; oʻqishga ruxsat bering, shunda oʻzi qabul qilinadi."
        case .foreign:
            start
                + "bu boshqa odamning fayli va papka egasi uni oʻqiy olmaydi; egasidan oʻqishga ruxsat berishni "
                + "(chmod) yoki nusxasini shu yerga qoʻyishni soʻrang, shunda oʻzi qabul qilinadi."
        case .noFolder:
            start + "u hech kimning papkasida emas; oʻz ismingiz yozilgan papkaga qoʻying (boʻlmasa, "
                + "yarating)."
        case .notEnrolled:
            start + "bu papka hali hech kimniki emas; administrator uni qoʻshgach (kotibctl user add), fayl "
                + "oʻzi qabul qilinadi."
        case .folderSettings, .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes: start
        }
    }

    private func russian(_ name: String) -> String {
        let start = "«\(name)» не расшифрован: "
        return switch self {
        case .unsupportedExtension(let accepted):
            start + "Kotib принимает только файлы \(Self.list(accepted)); сохраните запись в одном из "
                + "этих форматов и положите сюда."
        case .lookalikeExtension(let meant):
            start
                + "его расширение только похоже на «.\(meant)»: в нём есть пробел, точка, запятая, номер, невидимый "
                + "знак, буква другого алфавита или другое написание; переименуйте файл так, чтобы имя кончалось на "
                + "«.\(meant)»."
        case .empty:
            start + "файл пуст; скопируйте его ещё раз."
        case .tooLarge(let size, let limit):
            start + "его размер \(Self.megabytes(size)) МБ, а можно не больше \(Self.megabytes(limit)) "
                + "МБ; разделите запись или сохраните с меньшим битрейтом."
        case .tooLong(let duration, let limit):
            start + "он длится \(Self.minutes(duration)) мин, а можно не больше \(Self.minutes(limit)); "
                + "разделите его на части."
        case .notAudio(let found):
            start + "это не звук (внутри \(found)), что бы ни говорило имя; положите сюда саму запись."
        case .wrongKind(let found):
            start
                + "его содержимое (\(found)) такого вида, какого Kotib не читает; сохраните запись как MP3 или WAV "
                + "и положите сюда."
        case .unsupportedCodec(let codec):
            start + "он цел, но звук в нём закодирован так, что Kotib не может его раскодировать (\(codec)); "
                + "сохраните запись как MP3 или обычный WAV (PCM) и положите сюда."
        case .incomplete:
            start
                + "он неполный; когда придёт остаток, он будет принят сам, а если больше ничего не придёт, через "
                + "некоторое время будет расшифровано то, что есть."
        case .noSound:
            start + "в нём нет звука; если он должен быть, сохраните запись вместе со звуком и положите сюда."
        case .damaged(let detail):
            start + "он повреждён и не читается (\(detail)); скопируйте его ещё раз или сохраните заново."
        case .symbolicLink:
            start + "это ссылка; скопируйте сюда саму запись."
        case .linkedFolder:
            "Из «\(name)» ничего не расшифровывается: это ссылка, а Kotib по ссылкам не ходит; положите сюда саму "
                + "папку или попросите администратора подключить её здесь (mount --bind)."
        case .folder:
            start + "это папка с именем записи; записи внутри неё принимаются как обычно."
        case .special:
            start + "это не обычный файл; скопируйте сюда саму запись."
        case .hardLink:
            start + "у этого файла есть другое имя (жёсткая ссылка); положите сюда отдельную копию."
        case .unreadable:
            start + "Kotib не может его прочитать; разрешите чтение, и он будет принят сам."
        case .foreign:
            start
                + "это файл другого человека, и владелец этой папки не может его читать; попросите того разрешить "
                + "чтение (chmod) или скопировать файл сюда, и он будет принят сам."
        case .noFolder:
            start + "он лежит вне папок; положите его в папку с вашим именем (создайте её, если её нет)."
        case .notEnrolled:
            start + "эта папка пока ничья; когда администратор добавит её (kotibctl user add), файл будет "
                + "принят сам."
        case .folderSettings, .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes: start
        }
    }

    private static func list(_ extensions: [String]) -> String {
        extensions.map { "." + $0 }.joined(separator: ", ")
    }

    /// Megabytes of 1,048,576 bytes, rounded up to a tenth so that a byte too many shows.
    private static func megabytes(_ bytes: Int64) -> String {
        let tenths = (Double(bytes) / 104_857.6).rounded(.up)
        let (whole, rest) = Int64(nearest: tenths).quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(whole)" : "\(whole).\(rest)"
    }

    private static func minutes(_ seconds: Double) -> String {
        String(Int64(nearest: (seconds / 60).rounded(.up)))
    }
}
