import KotibControlProtocol
import KotibText

extension Session {
    /// Recordings, a row each.
    func show(_ records: [AudioRecordBody]) async throws {
        var table = TextTable(columns: [
            .init(title: "ID", alignsRight: true),
            .init(title: text(.state)),
            .init(title: text(.time)),
            .init(title: text(.length), alignsRight: true),
            .init(title: text(.user), isFlexible: true),
            .init(title: text(.file), isFlexible: true),
        ])
        table.rows = records.map { record in
            [
                .init(String(record.id)), state(record), .init(LocalTime.text(record.createdAt)),
                .init(LocalTime.length(record.duration)), .init(record.userName ?? ""),
                .init(record.originalFilename),
            ]
        }
        try await output.write(Array(table.text(for: output).utf8))
    }

    /// Everything but the words.
    func facts(of record: AudioRecordBody) -> FieldList {
        var facts = FieldList()
        facts.add("ID", String(record.id), .bold)
        let state = state(record)
        facts.add(text(.state), state.text, state.style)
        facts.add(text(.reason), record.errorMessage, .red)
        for warning in record.warnings ?? [] { facts.add(text(.warning), warning.message, .yellow) }
        facts.add(text(.file), record.filePath)
        facts.add(text(.user), record.userName)
        facts.add(text(.length), LocalTime.length(record.duration))
        facts.add(text(.language), record.language)
        facts.add(text(.engine), [record.engine, record.model].compactMap { $0 }.joined(separator: ", "))
        facts.add(text(.time), LocalTime.text(record.createdAt))
        facts.add(text(.completed), record.completedAt.map(LocalTime.text))
        facts.add(text(.archived), record.archivedAt.map(LocalTime.text))
        facts.add(text(.revision), record.revision.map { String($0) })
        return facts
    }

    private func state(_ record: AudioRecordBody) -> TextTable.Cell {
        var words = text(.state(record.transcriptionStatus))
        if let progress = record.progress { words += " " + LocalTime.percent(progress) }
        // `show` says which.
        let hasDoubts = record.warnings?.contains(where: \.isDoubt) ?? false
        let isDoubtful = record.transcriptionStatus == "completed" && hasDoubts
        if isDoubtful { words += ", " + text(.doubtful) }
        if record.archivedAt != nil {
            words += ", " + text(.isArchived)
        } else if record.audioState != "present" {
            words += ", " + text(.audioState(record.audioState))
        }
        let style: Terminal.Style? =
            switch record.transcriptionStatus {
            case "completed": isDoubtful ? .yellow : .green
            case "processing": .yellow
            case "failed", "rejected": .red
            default: nil
            }
        return .init(words, style)
    }
}

extension Sentence {
    static let state = Sentence(uzbek: "HOLAT", english: "STATE", russian: "СОСТОЯНИЕ")
    static let time = Sentence(uzbek: "VAQT", english: "TIME", russian: "ВРЕМЯ")
    static let completed = Sentence(uzbek: "TAYYOR", english: "COMPLETED", russian: "ГОТОВО")
    static let archived = Sentence(uzbek: "ARXIVDA", english: "ARCHIVED", russian: "В АРХИВЕ")
    static let isArchived = Sentence(uzbek: "arxivda", english: "archived", russian: "в архиве")
    static let length = Sentence(uzbek: "UZUNLIK", english: "LENGTH", russian: "ДЛИНА")
    static let user = Sentence(uzbek: "FOYDALANUVCHI", english: "USER", russian: "ПОЛЬЗОВАТЕЛЬ")
    static let warning = Sentence(uzbek: "DIQQAT", english: "WARNING", russian: "ВНИМАНИЕ")
    static let doubtful = Sentence(uzbek: "shubhali", english: "doubtful", russian: "под вопросом")
    static let file = Sentence(uzbek: "FAYL", english: "FILE", russian: "ФАЙЛ")
    static let reason = Sentence(uzbek: "SABAB", english: "REASON", russian: "ПРИЧИНА")
    static let language = Sentence(uzbek: "TIL", english: "LANGUAGE", russian: "ЯЗЫК")
    static let engine = Sentence(uzbek: "DVIGATEL", english: "ENGINE", russian: "ДВИЖОК")
    static let revision = Sentence(uzbek: "TAHRIR", english: "REVISION", russian: "РЕДАКЦИЯ")

    /// - Parameter name: as the daemon writes it; one that is not known stays.
    static func state(_ name: String) -> Sentence {
        switch name {
        case "pending": Sentence(uzbek: "navbatda", english: "pending", russian: "в очереди")
        case "processing": Sentence(uzbek: "ishlanmoqda", english: "processing", russian: "в работе")
        case "completed": Sentence(uzbek: "tayyor", english: "completed", russian: "готово")
        case "failed": Sentence(uzbek: "xato", english: "failed", russian: "ошибка")
        case "rejected": Sentence(uzbek: "rad etilgan", english: "rejected", russian: "отклонено")
        default: Sentence(uzbek: name, english: name, russian: name)
        }
    }

    static func audioState(_ name: String) -> Sentence {
        switch name {
        case "gone": Sentence(uzbek: "fayl yo'q", english: "file gone", russian: "файла нет")
        case "replaced": Sentence(uzbek: "fayl almashgan", english: "file replaced", russian: "файл заменён")
        default: Sentence(uzbek: name, english: name, russian: name)
        }
    }
}
