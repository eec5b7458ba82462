import KotibModel

extension TextProblem {
    /// One sentence to the person who saved the text: what is wrong with it, what to do, and what holds until
    /// then.
    /// - Parameter name: the file's name, readable.
    public func sentence(about name: String, in language: Language) -> String {
        switch language {
        case .english:
            "“\(name)” was not taken in: \(english). Until then Kotib keeps the words that it had, and leaves this "
                + "file as it is."
        case .uzbek:
            "“\(name)” qabul qilinmadi: \(uzbek). Ungacha Kotib avvalgi matnni saqlaydi va bu faylga tegmaydi."
        case .russian:
            "«\(name)» не принят: \(russian). До тех пор Kotib хранит прежний текст и не трогает этот файл."
        }
    }

    private var english: String {
        switch self {
        case .encoding:
            "it is not saved as UTF-8; open it in your editor, choose “Save as” with the encoding UTF-8, and save "
                + "it under the same name"
        case .tooLong(let limit): "it is longer than \(limit) bytes; shorten it"
        case .hardLink:
            "the same file has another name elsewhere (a hard link); save it as a file of its own here"
        case .unreadable: "Kotib may not read it; allow reading (its permissions)"
        case .foreign:
            "it is somebody else's file, and you may not read it; ask its owner to allow reading, or save your own "
                + "text here"
        case .overQuota(let rejection):
            "\(rejection.englishReason); delete recordings that are not needed, and it is taken in by itself"
        }
    }

    private var uzbek: String {
        switch self {
        case .encoding:
            "u UTF-8 kodlashda saqlanmagan; uni muharrirda oching, “Boshqacha saqlash” da UTF-8 ni tanlab, shu nom "
                + "bilan saqlang"
        case .tooLong(let limit): "u \(limit) baytdan uzun; qisqartiring"
        case .hardLink:
            "shu faylning boshqa joyda ham nomi bor (qattiq havola); bu yerga alohida fayl qilib saqlang"
        case .unreadable: "Kotib uni oʻqiy olmaydi; oʻqishga ruxsat bering"
        case .foreign:
            "bu boshqa kishining fayli, uni oʻqishga ruxsatingiz yoʻq; egasidan oʻqishga ruxsat soʻrang yoki bu yerga "
                + "oʻz matningizni saqlang"
        case .overQuota(let rejection):
            "\(rejection.uzbekReason); keraksiz yozuvlarni oʻchiring, shunda oʻzi qabul qilinadi"
        }
    }

    private var russian: String {
        switch self {
        case .encoding:
            "он сохранён не в UTF-8; откройте его в редакторе, выберите «Сохранить как» с кодировкой UTF-8 и "
                + "сохраните под тем же именем"
        case .tooLong(let limit): "он длиннее \(limit) байт; сократите его"
        case .hardLink: "у этого файла есть другое имя (жёсткая ссылка); сохраните его здесь отдельным файлом"
        case .unreadable: "Kotib не может его прочитать; разрешите чтение"
        case .foreign:
            "это чужой файл, и читать его вам нельзя; попросите владельца разрешить чтение или сохраните здесь свой "
                + "текст"
        case .overQuota(let rejection):
            "\(rejection.russianReason); удалите ненужные записи, и он будет принят сам"
        }
    }
}
