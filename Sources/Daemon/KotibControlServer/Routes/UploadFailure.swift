import Glibc
import HTTPTypes
import KotibCatalog
import KotibControlProtocol
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX

/// What the client of an upload is told.
enum UploadFailure {
    /// What is none of the client's business stays as it is: the transport answers for it.
    /// - Parameter name: as the client calls the file; empty before that is known.
    static func failure(_ error: any Error, about name: String, _ quotas: Quotas) -> any Error {
        switch error {
        case let rejection as Rejection:
            let sentence = Sentence.rejected(rejection, about: ByteText.escaped(name.utf8))
            return rejected(rejection, sentence, quotas)
        case let error as UploadFormError: return form(error)
        case is MultipartParser.Failure: return ControlFailure(.badRequest, .refused, .brokenForm)
        case let error as UploadError: return upload(error)
        case let error as FileError where [ENOSPC, EDQUOT].contains(error.code): return noSpace
        case let error as CatalogError where error.code == .full: return noSpace
        case is InspectionError:
            return ControlFailure.later(.serviceUnavailable, .unavailable, .notInspected, seconds: 10)
        default: return error
        }
    }

    /// RFC 4918, 11.5.
    static let insufficientStorage = HTTPResponse.Status(
        code: 507, reasonPhrase: "Insufficient Storage")
    private static let noSpace = ControlFailure(insufficientStorage, .noSpace, .noSpace)

    private static func rejected(
        _ rejection: Rejection, _ sentence: Sentence, _ quotas: Quotas
    ) -> ControlFailure {
        switch rejection {
        case .overQuotaBytes, .overQuotaFiles: ControlFailure(insufficientStorage, .overQuota, sentence)
        // What lasts longer than a day's minutes is not to be tried again.
        case .overQuotaMinutes where !rejection.neverFits:
            .later(
                .tooManyRequests, .overQuota, sentence,
                seconds: Int64((quotas.untilMidnight / .seconds(1)).rounded(.up)))
        default: ControlFailure(.badRequest, .refused, sentence)
        }
    }

    private static func form(_ error: UploadFormError) -> ControlFailure {
        switch error {
        case .noFile: .invalid("file")
        case .emptyName: ControlFailure(.badRequest, .refused, .emptyName)
        case .brokenOff: ControlFailure(.badRequest, .refused, .brokenForm)
        case .tooLarge: ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
        }
    }

    private static func upload(_ error: UploadError) -> ControlFailure {
        switch error {
        case .noSuchUser: .invalid("user")
        case .alreadyEnded, .changedMeanwhile: ControlFailure(.conflict, .conflict, .disturbed)
        case .foreignFolder: ControlFailure(.conflict, .wrongState, .foreignFolder)
        }
    }
}

extension Sentence {
    static let noForm = Sentence(
        uzbek: "Faylni multipart/form-data shaklida, file maydonida yuboring",
        english: "Send the file as multipart/form-data, in the field file",
        russian: "Отправьте файл как multipart/form-data, в поле file")
    static let brokenForm = Sentence(
        uzbek: "Fayl yuklashda xatolik: so'rov to'liq kelmadi yoki buzilgan; qaytadan yuklang",
        english: "The upload failed: the form is broken off or damaged; upload it again",
        russian: "Ошибка загрузки: форма оборвана или повреждена; загрузите файл снова")
    static let emptyName = Sentence(
        uzbek: "Fayl nomi bo'sh", english: "The file's name is empty", russian: "Имя файла пустое")
    static let disturbed = Sentence(
        uzbek: "Fayl yuklashda xatolik: fayl yoki papka bu orada o'zgardi; qaytadan yuklang",
        english: "The upload failed: the file or its folder was changed meanwhile; upload it again",
        russian: "Ошибка загрузки: файл или папка тем временем изменились; загрузите файл снова")
    static let foreignFolder = Sentence(
        uzbek: "Fayl yuklashda xatolik: inboxdagi papkangiz endi boshqa birovniki; administratorga ayting",
        english: "The upload failed: your folder in the inbox is somebody else's now; tell the administrator",
        russian: "Ошибка загрузки: ваша папка в inbox теперь чужая; сообщите администратору")
    static let noSpace = Sentence(
        uzbek: "Fayl yuklashda xatolik: diskda joy yo'q; administratorga ayting",
        english: "The upload failed: the disk is full; tell the administrator",
        russian: "Ошибка загрузки: на диске нет места; сообщите администратору")
    static let notInspected = Sentence(
        uzbek: "Fayl yuklashda xatolik: faylni hozir tekshirib bo'lmadi; birozdan so'ng qaytadan yuklang",
        english: "The upload failed: the file cannot be inspected now; upload it again in a moment",
        russian: "Ошибка загрузки: сейчас файл не удаётся проверить; загрузите его чуть позже")

    static func rejected(_ rejection: Rejection, about name: String) -> Sentence {
        func text(_ language: NoteLanguage) -> String {
            rejection.uploadSentence(about: name, in: language)
                ?? rejection.sentence(about: name, in: language)
        }
        return Sentence(uzbek: text(.uzbek), english: text(.english), russian: text(.russian))
    }
}
