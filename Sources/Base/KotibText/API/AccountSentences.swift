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
