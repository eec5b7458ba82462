import KotibModel

/// Responses that any route may give.
extension Sentence {
    public static let unauthorized = Sentence(
        uzbek: "Avval tizimga kiring: token yo'q yoki u endi amal qilmaydi",
        english: "Log in first: there is no token, or it does not hold any more",
        russian: "Сначала войдите: токена нет или он больше не действует")
    public static let forbidden = Sentence(
        uzbek: "Buni faqat administrator qila oladi", english: "Only an admin may do that",
        russian: "Это может сделать только администратор")
    public static let noSuchAddress = Sentence(
        uzbek: "Bunday manzil yo'q", english: "There is no such address", russian: "Такого адреса нет")
    public static let wrongMethod = Sentence(
        uzbek: "Bu manzil bunday so'rovni qabul qilmaydi", english: "This address takes no such request",
        russian: "Этот адрес не принимает такой запрос")
    public static let tooLarge = Sentence(
        uzbek: "So'rov juda katta", english: "The request is too large", russian: "Запрос слишком большой")
    public static let broken = Sentence(
        uzbek: "So'rovni o'qib bo'lmadi", english: "The request cannot be read",
        russian: "Запрос не удаётся прочитать")
    public static let overloaded = Sentence(
        uzbek: "Ulanishlar juda ko'p; birozdan so'ng urinib ko'ring",
        english: "There are too many connections; try again in a moment",
        russian: "Слишком много соединений; попробуйте чуть позже")

    /// Reveals nothing internal: the number identifies the line in the log.
    public static func internalError(_ number: String) -> Sentence {
        Sentence(
            uzbek: "Ichki xatolik (\(number)); administratorga ayting",
            english: "Something went wrong inside (\(number)); tell the administrator",
            russian: "Внутренняя ошибка (\(number)); сообщите администратору")
    }

    /// The catalog's file is gone, or cannot be opened or read now. The number identifies the line in the
    /// log.
    public static func catalogUnavailable(_ number: String) -> Sentence {
        Sentence(
            uzbek: "Katalogni hozir o'qib yoki yozib bo'lmayapti (\(number)); birozdan so'ng urinib ko'ring, "
                + "takrorlansa, administratorga ayting",
            english: "The catalog cannot be read or written now (\(number)); try again later, and tell the "
                + "administrator if it happens again",
            russian: "Каталог сейчас нельзя прочитать или записать (\(number)); попробуйте позже, а если "
                + "повторится, сообщите администратору")
    }

    /// - Parameter name: of the parameter or field, as the client spells it.
    public static func invalid(_ name: String) -> Sentence {
        Sentence(
            uzbek: "\(name): qiymat noto'g'ri", english: "\(name): the value is not valid",
            russian: "\(name): недопустимое значение")
    }
}

/// Answers about accounts, and about logging in and out.
extension Sentence {
    public static let tooManyLoginAttempts = Sentence(
        uzbek: "Juda ko'p urinish; birozdan so'ng qayta urinib ko'ring",
        english: "Too many attempts; try again later", russian: "Слишком много попыток; попробуйте позже")
    public static let wrongCode = Sentence(
        uzbek: "Noto'g'ri yoki muddati o'tgan kod", english: "The code is wrong or has expired",
        russian: "Код неверен или истёк")
    public static let notSent = Sentence(
        uzbek: "SMS yuborishda xatolik yuz berdi", english: "The message could not be sent",
        russian: "Не удалось отправить SMS")
    public static let noSuchUser = Sentence(
        uzbek: "Foydalanuvchi topilmadi", english: "There is no such user",
        russian: "Пользователь не найден")
    public static func engineNotOffered(_ offered: [String]) -> Sentence {
        let names = offered.joined(separator: ", ")
        return Sentence(
            uzbek: "engine: bunday dvigatel sozlanmagan; mavjudlari: \(names) (queue.other_engines)",
            english: "engine: it is not configured; there are: \(names) (queue.other_engines)",
            russian: "engine: такой движок не настроен; есть: \(names) (queue.other_engines)")
    }

    public static let userTaken = Sentence(
        uzbek: "Bunday nom yoki telefon raqamli foydalanuvchi bor",
        english: "Another user has this name or phone number",
        russian: "Такое имя или номер телефона уже есть у другого пользователя")
    public static let invalidName = Sentence(
        uzbek: "name: papka nomi bo'lsin: \"/\"siz, nuqta bilan boshlanmasin",
        english: "name: give a folder's name: without \"/\", not beginning with a dot",
        russian: "name: нужно имя папки: без «/», не с точки")
    public static let codeSent = Sentence(
        uzbek: "OTP kodi yuborildi", english: "The code was sent", russian: "Код отправлен")
    public static let loggedOut = Sentence(
        uzbek: "Tizimdan chiqdingiz", english: "You are logged out", russian: "Вы вышли из системы")
    public static let noSession = Sentence(
        uzbek: "Chiqadigan joy yo'q: mahalliy operator tizimga kirmaydi",
        english: "There is nothing to leave: the local operator does not log in",
        russian: "Выходить неоткуда: локальный оператор не входит в систему")

    /// Stands for the code in ``codeMessage``.
    public static let codePlaceholder = "{code}"
    /// The message to a phone with a code.
    public static let codeMessage = Sentence(
        uzbek: "Tasdiqlash kodi: {code}. 5 daqiqa ichida kiriting.",
        english: "Your Kotib code is {code}. Enter it within 5 minutes.",
        russian: "Код подтверждения: {code}. Введите его в течение 5 минут.")
}

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
