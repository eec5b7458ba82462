import ArgumentParser
import KotibText

struct Watch: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the progress of transcription, live.",
        discussion: """
            Named recordings are followed until all of them are done: exit code 0 if all were transcribed, \
            66 if the file of one was removed before, otherwise 1. Without names it runs until it is interrupted. With --json every event is an \
            object on a line of its own.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The ids of the recordings; by default all.", valueName: "id"))
    var ids: [Int64] = []

    func run(_ session: Session) async throws {
        try await Follower(session, session.client(), ids: ids).follow()
    }
}

extension Sentence {
    static let watchIdle = Sentence(
        uzbek: "Navbat bo'sh; yangi yozuvlar kutilmoqda (tugatish: Ctrl-C)",
        english: "The queue is empty; waiting for recordings (Ctrl-C ends this)",
        russian: "Очередь пуста; ожидаются записи (завершить: Ctrl-C)")

    static func watchCounts(done: Int, all: Int) -> Sentence {
        Sentence(
            uzbek: "\(all) tadan \(done) tasi tayyor", english: "\(done) of \(all) done",
            russian: "Готово \(done) из \(all)")
    }

    /// - Parameter status: the daemon's word, `deleted` or `gone`; one that is unknown stays as it is.
    static func watched(status: String) -> Sentence {
        switch status {
        case "pending": Sentence(uzbek: "navbatda", english: "waiting", russian: "в очереди")
        case "processing":
            Sentence(uzbek: "ishlanmoqda", english: "being transcribed", russian: "обрабатывается")
        case "completed": Sentence(uzbek: "tayyor", english: "done", russian: "готово")
        case "failed": Sentence(uzbek: "xato", english: "failed", russian: "ошибка")
        case "rejected": Sentence(uzbek: "rad etildi", english: "refused", russian: "отклонено")
        case WatchState.deleted: Sentence(uzbek: "o'chirildi", english: "deleted", russian: "удалено")
        case WatchState.gone:
            Sentence(
                uzbek: "fayli yo'q, u olib tashlangan", english: "its file is gone",
                russian: "её файла больше нет")
        default: Sentence(uzbek: status, english: status, russian: status)
        }
    }
}
