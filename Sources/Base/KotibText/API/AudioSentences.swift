import KotibModel

/// Answers about recordings and their words.
extension Sentence {
    public static let noRecording = Sentence(
        uzbek: "Audio yozuv topilmadi", english: "There is no such recording", russian: "Такой записи нет")
    public static let notDeleted = Sentence(
        uzbek: "Audio yozuv topilmadi yoki o'chirishda xatolik",
        english: "There is no such recording, or it could not be deleted",
        russian: "Такой записи нет, или её не удалось удалить")
    public static let deleted = Sentence(
        uzbek: "Audio yozuv o'chirildi", english: "The recording is deleted", russian: "Запись удалена")
    public static let deletionPending = Sentence(
        uzbek:
            "Audio yozuv o'chirildi; fayllariga hozir yetib bo'lmaydi, imkon bo'lishi bilan ular ham o'chiriladi",
        english:
            "The recording is deleted; its files are out of reach now and go as soon as that is possible",
        russian: "Запись удалена; её файлы сейчас недоступны и будут удалены, как только станет возможно")
    public static let noTranscript = Sentence(
        uzbek: "Matn mavjud emas", english: "There is no transcript", russian: "Текста нет")
    public static let transcriptPending = Sentence(
        uzbek: "Matn ishlanmoqda...", english: "It is still being transcribed",
        russian: "Запись ещё расшифровывается")
    public static let noRevision = Sentence(
        uzbek: "Matnning bunday tahriri yo'q", english: "The transcript has no such revision",
        russian: "Такой версии текста нет")
    public static let editedMeanwhile = Sentence(
        uzbek: "Matnni bu orada boshqa kishi o'zgartirdi; yangisini ko'rib, qaytadan saqlang",
        english: "Somebody else changed the text meanwhile; look at theirs and save again",
        russian: "Текст тем временем изменил кто-то другой; посмотрите его и сохраните снова")
    public static let textTooLong = Sentence(
        uzbek: "Matn 10 MiB dan uzun; uni qisqartiring yoki qolganini boshqa faylda saqlang",
        english: "The text is longer than 10 MiB; shorten it, or keep the rest in another file",
        russian: "Текст длиннее 10 МиБ; сократите его или храните остаток в другом файле")

    /// A person's words for which their quota has no room.
    public static func textRejected(_ rejection: Rejection) -> Sentence {
        Sentence { rejection.textSentence(in: $0) }
    }

    public static let textsRewritten = Sentence(
        uzbek: "Matn yozuv yonida yana turibdi", english: "The text stands beside the recording again",
        russian: "Текст снова лежит рядом с записью")
    public static let textsPending = Sentence(
        uzbek: "Matnni hozir yozib bo'lmadi; imkon bo'lishi bilan yoziladi",
        english: "The text cannot be written now; it will be as soon as that is possible",
        russian: "Сейчас текст записать нельзя; это будет сделано, как только станет возможно")
    public static let noTexts = Sentence(
        uzbek: "Hali matn yo'q yoki uni qo'yish uchun papka yo'q",
        english: "There is no text yet, or no folder to put it into",
        russian: "Текста ещё нет, или нет папки, куда его положить")
    public static let notRetried = Sentence(
        uzbek: "Yozuv navbatda turibdi, ishlanmoqda yoki audiosi yo'q: qayta boshlab bo'lmaydi",
        english: "It waits or runs already, or its audio is gone: it cannot be started again",
        russian: "Запись уже в очереди, обрабатывается или её аудио нет: начать заново нельзя")
    public static let noAudio = Sentence(
        uzbek: "Audio fayl mavjud emas", english: "The audio file is not there any more",
        russian: "Аудиофайла больше нет")
    public static let searchTooLong = Sentence(
        uzbek: "Qidiruv juda uzoq davom etdi; so'z qo'shing yoki filtrni toraytiring",
        english: "The search took too long; add a word or narrow the filter",
        russian: "Поиск длился слишком долго; добавьте слово или сузьте фильтр")
    public static let archivedNotRetried = Sentence(
        uzbek: "Audio arxivga koʻchirilgan: qayta boshlash uchun faylni inboxdagi papkangizga qaytaring",
        english:
            "Its audio is in the archive: put the file back into its folder to have it transcribed again",
        russian: "Аудио в архиве: чтобы начать заново, верните файл в его папку")
    public static let archiveUnreachable = Sentence(
        uzbek: "Audio arxivda, lekin arxiv hozir ochilmayapti; keyinroq urinib koʻring",
        english: "The audio is in the archive, which cannot be reached now; try again later",
        russian: "Аудио в архиве, который сейчас недоступен; попробуйте позже")
    public static let audioUnreachable = Sentence(
        uzbek: "Audio turgan disk hozir ulanmagan; keyinroq urinib koʻring",
        english: "The disk that the audio lies on cannot be reached now; try again later",
        russian: "Диск, на котором лежит аудио, сейчас недоступен; попробуйте позже")
    public static let notAFile = Sentence(
        uzbek:
            "Bu yozuv emas, papka yoki havola, shuning uchun oʻchirilmadi; uni papkangizda oʻzingiz olib tashlang yoki nomini oʻzgartiring",
        english:
            "This is no recording but a folder or a link, and was not deleted; remove or rename it in its folder yourself",
        russian:
            "Это не запись, а папка или ссылка, и она не удалена; удалите или переименуйте её в папке сами")
}
