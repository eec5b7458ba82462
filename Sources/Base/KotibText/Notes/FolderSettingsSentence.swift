import KotibModel

extension FolderSettingsProblem {
    /// One sentence to the person who wrote the file: what is wrong with it, what to do, and what holds until
    /// then.
    /// - Parameter name: the file's name, readable.
    func sentence(about name: String, in language: Language) -> String {
        switch language {
        case .english: "“\(name)” does not count: \(english); until then your own settings hold here."
        case .uzbek:
            "“\(name)” hisobga olinmaydi: \(uzbek); ungacha bu yerda oʻz sozlamalaringiz amal qiladi."
        case .russian: "«\(name)» не учитывается: \(russian); до тех пор здесь действуют ваши настройки."
        }
    }

    private var english: String {
        switch self {
        case .notOrdinary: "it is no ordinary file; put a file of its own here, no link"
        case .unreadable: "Kotib may not read it; allow reading (its permissions)"
        case .tooLarge(let limit): "it is larger than \(limit) bytes; shorten it"
        case .notText: "it is no text; save it anew as UTF-8"
        case .wrongCase: "its name has capital letters; call it “kotib.ini”"
        case .wrongName:
            "its name goes on after “kotib.ini”, which Windows may hide; call it “kotib.ini” and nothing more"
        case .noAssignment(let line): "line \(line) is no “key = value”; write “language = uz”, for example"
        case .unknownKey(let line, let key, let nearest):
            "line \(line) sets “\(key)”, which there is not; "
                + (nearest.map { "did you mean “\($0)”?" } ?? "there is only “language”; take the line out")
        case .repeatedKey(let line, let key): "line \(line) sets “\(key)” once more; take one of them out"
        case .unknownLanguage(let line, let value):
            "line \(line): “\(value)” is no language; write a code of two letters such as “uz”, “ru” or “en”, "
                + "or “auto”"
        }
    }

    private var uzbek: String {
        switch self {
        case .notOrdinary: "bu oddiy fayl emas; havola emas, alohida fayl qoʻying"
        case .unreadable: "Kotib uni oʻqiy olmaydi; oʻqishga ruxsat bering"
        case .tooLarge(let limit): "u \(limit) baytdan katta; qisqartiring"
        case .notText: "bu matn emas; UTF-8 kodlashda qaytadan saqlang"
        case .wrongCase: "nomida bosh harf bor; uni “kotib.ini” deb nomlang"
        case .wrongName:
            "nomida “kotib.ini”dan keyin ortiqcha qism bor (Windows uni yashirishi mumkin); uni faqat “kotib.ini” "
                + "deb nomlang"
        case .noAssignment(let line):
            "\(line)-qator “kalit = qiymat” koʻrinishida emas; masalan, “language = uz” deb yozing"
        case .unknownKey(let line, let key, let nearest):
            "\(line)-qatordagi “\(key)” degan sozlama yoʻq; "
                + (nearest.map { "“\($0)” demoqchimidingiz?" }
                    ?? "faqat “language” bor; qatorni olib tashlang")
        case .repeatedKey(let line, let key): "\(line)-qatorda “\(key)” takrorlangan; bittasini olib tashlang"
        case .unknownLanguage(let line, let value):
            "\(line)-qator: “\(value)” degan til yoʻq; ikki harfli kod yozing, masalan “uz”, “ru” yoki “en”, "
                + "yoxud “auto”"
        }
    }

    private var russian: String {
        switch self {
        case .notOrdinary: "это не обычный файл; положите сюда отдельный файл, не ссылку"
        case .unreadable: "Kotib не может его прочитать; разрешите чтение"
        case .tooLarge(let limit): "он больше \(limit) байт; сократите его"
        case .notText: "это не текст; сохраните его заново в UTF-8"
        case .wrongCase: "в имени есть заглавные буквы; назовите его «kotib.ini»"
        case .wrongName:
            "после «kotib.ini» в его имени есть ещё что-то (Windows может это скрывать); назовите его просто "
                + "«kotib.ini»"
        case .noAssignment(let line):
            "строка \(line) — не «ключ = значение»; напишите, например, «language = uz»"
        case .unknownKey(let line, let key, let nearest):
            "в строке \(line) настройка «\(key)», которой нет; "
                + (nearest.map { "может быть, «\($0)»?" } ?? "есть только «language»; уберите строку")
        case .repeatedKey(let line, let key): "в строке \(line) «\(key)» повторяется; уберите лишнюю"
        case .unknownLanguage(let line, let value):
            "строка \(line): «\(value)» — не язык; напишите код из двух букв, например «uz», «ru» или «en», "
                + "или «auto»"
        }
    }
}
