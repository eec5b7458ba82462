import HTTPTypes
import KotibControlProtocol
import KotibIntake
import KotibModel

extension ControlFailure {
    /// The same for another's recording as for none: nobody learns which numbers are taken.
    static let noRecording = ControlFailure(.notFound, .notFound, .noRecording)

    /// Why there are no words: they are still to come, or will not.
    static func withoutTranscript(_ state: RecordingState) -> ControlFailure {
        switch state {
        case .pending, .processing: ControlFailure(.conflict, .wrongState, .notYet)
        case .completed, .failed, .rejected: ControlFailure(.notFound, .notFound, .noTranscript)
        }
    }
}

extension Sentence {
    static let noRecording = Sentence(
        uzbek: "Audio yozuv topilmadi", english: "There is no such recording", russian: "Такой записи нет")
    static let notDeleted = Sentence(
        uzbek: "Audio yozuv topilmadi yoki o'chirishda xatolik",
        english: "There is no such recording, or it could not be deleted",
        russian: "Такой записи нет, или её не удалось удалить")
    static let deleted = Sentence(
        uzbek: "Audio yozuv o'chirildi", english: "The recording is deleted", russian: "Запись удалена")
    static let deletionWaits = Sentence(
        uzbek:
            "Audio yozuv o'chirildi; fayllariga hozir yetib bo'lmaydi, imkon bo'lishi bilan ular ham o'chiriladi",
        english:
            "The recording is deleted; its files are out of reach now and go as soon as that is possible",
        russian: "Запись удалена; её файлы сейчас недоступны и будут удалены, как только станет возможно")
    static let noTranscript = Sentence(
        uzbek: "Matn mavjud emas", english: "There is no transcript", russian: "Текста нет")
    static let notYet = Sentence(
        uzbek: "Matn ishlanmoqda...", english: "It is still being transcribed",
        russian: "Запись ещё расшифровывается")
    static let noRevision = Sentence(
        uzbek: "Matnning bunday tahriri yo'q", english: "The transcript has no such revision",
        russian: "Такой версии текста нет")
    static let editedMeanwhile = Sentence(
        uzbek: "Matnni bu orada boshqa kishi o'zgartirdi; yangisini ko'rib, qaytadan saqlang",
        english: "Somebody else changed the text meanwhile; look at theirs and save again",
        russian: "Текст тем временем изменил кто-то другой; посмотрите его и сохраните снова")
    static let textTooLong = Sentence(
        uzbek: "Matn 10 MiB dan uzun; uni qisqartiring yoki qolganini boshqa faylda saqlang",
        english: "The text is longer than 10 MiB; shorten it, or keep the rest in another file",
        russian: "Текст длиннее 10 МиБ; сократите его или храните остаток в другом файле")

    /// A person's words for which their quota has no room.
    static func textRejected(_ rejection: Rejection) -> Sentence {
        Sentence(
            uzbek: rejection.textSentence(in: .uzbek), english: rejection.textSentence(in: .english),
            russian: rejection.textSentence(in: .russian))
    }

    static let textsPutBack = Sentence(
        uzbek: "Matn yozuv yonida yana turibdi", english: "The text stands beside the recording again",
        russian: "Текст снова лежит рядом с записью")
    static let textsLater = Sentence(
        uzbek: "Matnni hozir yozib bo'lmadi; imkon bo'lishi bilan yoziladi",
        english: "The text cannot be written now; it will be as soon as that is possible",
        russian: "Сейчас текст записать нельзя; это будет сделано, как только станет возможно")
    static let noTexts = Sentence(
        uzbek: "Hali matn yo'q yoki uni qo'yish uchun papka yo'q",
        english: "There is no text yet, or no folder to put it into",
        russian: "Текста ещё нет, или нет папки, куда его положить")
    static let notRetried = Sentence(
        uzbek: "Yozuv navbatda turibdi, ishlanmoqda yoki audiosi yo'q: qayta boshlab bo'lmaydi",
        english: "It waits or runs already, or its audio is gone: it cannot be started again",
        russian: "Запись уже в очереди, обрабатывается или её аудио нет: начать заново нельзя")
    static let noAudio = Sentence(
        uzbek: "Audio fayl mavjud emas", english: "The audio file is not there any more",
        russian: "Аудиофайла больше нет")
    static let searchTooLong = Sentence(
        uzbek: "Qidiruv juda uzoq davom etdi; so'z qo'shing yoki filtrni toraytiring",
        english: "The search took too long; add a word or narrow the filter",
        russian: "Поиск длился слишком долго; добавьте слово или сузьте фильтр")
}
