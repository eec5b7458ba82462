import KotibModel

/// Answers to uploads.
extension Sentence {
    public static let noForm = Sentence(
        uzbek: "Faylni multipart/form-data shaklida, file maydonida yuboring",
        english: "Send the file as multipart/form-data, in the field file",
        russian: "Отправьте файл как multipart/form-data, в поле file")
    public static let brokenForm = Sentence(
        uzbek: "Fayl yuklashda xatolik: so'rov to'liq kelmadi yoki buzilgan; qaytadan yuklang",
        english: "The upload failed: the form is broken off or damaged; upload it again",
        russian: "Ошибка загрузки: форма оборвана или повреждена; загрузите файл снова")
    public static let emptyName = Sentence(
        uzbek: "Fayl nomi bo'sh", english: "The file's name is empty", russian: "Имя файла пустое")
    public static let changedDuringUpload = Sentence(
        uzbek: "Fayl yuklashda xatolik: fayl yoki papka bu orada o'zgardi; qaytadan yuklang",
        english: "The upload failed: the file or its folder was changed meanwhile; upload it again",
        russian: "Ошибка загрузки: файл или папка тем временем изменились; загрузите файл снова")
    public static let foreignFolder = Sentence(
        uzbek: "Fayl yuklashda xatolik: inboxdagi papkangiz endi boshqa birovniki; administratorga ayting",
        english: "The upload failed: your folder in the inbox is somebody else's now; tell the administrator",
        russian: "Ошибка загрузки: ваша папка в inbox теперь чужая; сообщите администратору")
    public static let noSpace = Sentence(
        uzbek: "Fayl yuklashda xatolik: diskda joy yo'q; administratorga ayting",
        english: "The upload failed: the disk is full; tell the administrator",
        russian: "Ошибка загрузки: на диске нет места; сообщите администратору")
    public static let notInspected = Sentence(
        uzbek: "Fayl yuklashda xatolik: faylni hozir tekshirib bo'lmadi; birozdan so'ng qaytadan yuklang",
        english: "The upload failed: the file cannot be inspected now; upload it again in a moment",
        russian: "Ошибка загрузки: сейчас файл не удаётся проверить; загрузите его чуть позже")

    public static func rejected(_ rejection: Rejection, about name: String) -> Sentence {
        Sentence { rejection.uploadSentence(about: name, in: $0) ?? rejection.sentence(about: name, in: $0) }
    }
}
