import HTTPTypes
import KotibAccounts
import KotibControlProtocol
import KotibModel

/// Runs `body`; what a person can do something about becomes an answer, the rest is passed on as it is.
/// - Throws: ``ControlFailure``; the catalog's and the file system's errors.
func answering<Value>(
    _ body: () async throws(AccountError) -> Value
) async throws -> Value {
    do throws(AccountError) {
        return try await body()
    } catch {
        switch error {
        case .invalidPhone: throw ControlFailure.invalid("phone_number")
        case .invalidName: throw ControlFailure(.unprocessableContent, .invalid, .invalidName)
        case .tooManyCodes(let wait):
            let seconds = wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)
            throw ControlFailure.later(.tooManyRequests, .tooMany, .tooManyCodes, seconds: seconds)
        case .wrongCode: throw ControlFailure(.badRequest, .wrongCode, .wrongCode)
        case .unauthorized: throw ControlFailure.unauthorized
        case .engineNotOffered(let offered):
            throw ControlFailure(.unprocessableContent, .invalid, .engineNotOffered(offered.map(\.rawValue)))
        case .noSuchUser: throw ControlFailure(.notFound, .notFound, .noSuchUser)
        case .taken: throw ControlFailure(.conflict, .conflict, .userTaken)
        case .notSent: throw ControlFailure(.internalServerError, .notSent, .notSent)
        case .folder(let cause): throw cause
        case .catalog(let cause): throw cause
        }
    }
}

extension ControlFailure {
    static var unauthorized: ControlFailure {
        ControlFailure(.unauthorized, .unauthorized, .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
    }
}

extension Sentence {
    static let tooManyCodes = Sentence(
        uzbek: "Juda ko'p urinish; birozdan so'ng qayta urinib ko'ring",
        english: "Too many attempts; try again later", russian: "Слишком много попыток; попробуйте позже")
    /// The seed's.
    static let wrongCode = Sentence(
        uzbek: "Noto'g'ri yoki muddati o'tgan kod", english: "The code is wrong or has expired",
        russian: "Код неверен или истёк")
    /// The seed's.
    static let notSent = Sentence(
        uzbek: "SMS yuborishda xatolik yuz berdi", english: "The message could not be sent",
        russian: "Не удалось отправить SMS")
    static let noSuchUser = Sentence(
        uzbek: "Foydalanuvchi topilmadi", english: "There is no such user",
        russian: "Пользователь не найден")
    static func engineNotOffered(_ offered: [String]) -> Sentence {
        let names = offered.joined(separator: ", ")
        return Sentence(
            uzbek: "engine: bunday dvigatel sozlanmagan; mavjudlari: \(names) (queue.other_engines)",
            english: "engine: it is not configured; there are: \(names) (queue.other_engines)",
            russian: "engine: такой движок не настроен; есть: \(names) (queue.other_engines)")
    }

    static let userTaken = Sentence(
        uzbek: "Bunday nom yoki telefon raqamli foydalanuvchi bor",
        english: "Another user has this name or phone number",
        russian: "Такое имя или номер телефона уже есть у другого пользователя")
    static let invalidName = Sentence(
        uzbek: "name: papka nomi bo'lsin: \"/\"siz, nuqta bilan boshlanmasin",
        english: "name: give a folder's name: without \"/\", not beginning with a dot",
        russian: "name: нужно имя папки: без «/», не с точки")
}
