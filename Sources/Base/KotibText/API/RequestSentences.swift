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

    /// - Parameter name: of the parameter or field, as the client spells it.
    public static func invalid(_ name: String) -> Sentence {
        Sentence(
            uzbek: "\(name): qiymat noto'g'ri", english: "\(name): the value is not valid",
            russian: "\(name): недопустимое значение")
    }
}
