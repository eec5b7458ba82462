import KotibText

/// Messages of any command.
extension Sentence {
    static func noDaemon(at socket: String) -> Sentence {
        Sentence(
            uzbek: "\(socket) da kotibd javob bermayapti: u ishlayaptimi? (systemctl status kotibd)",
            english: "kotibd does not answer at \(socket): is it running? (systemctl status kotibd)",
            russian: "kotibd не отвечает на \(socket): запущен ли он? (systemctl status kotibd)")
    }

    /// - Parameter group: the group that may connect; nil where only the socket's owner may.
    static func connectionDenied(at socket: String, group: String?) -> Sentence {
        guard let group else {
            return Sentence(
                uzbek: "\(socket) ga ulanishga ruxsat yo'q: faqat uning egasi ulana oladi",
                english: "\(socket): permission denied: only its owner may connect",
                russian: "\(socket): доступ запрещён: подключаться может только владелец")
        }
        return Sentence(
            uzbek: "\(socket) ga ulanishga ruxsat yo'q: faqat \(group) guruhi a'zolari ulana oladi",
            english: "\(socket): permission denied: only members of the group \(group) may connect",
            russian: "\(socket): доступ запрещён: подключаться могут только члены группы \(group)")
    }

    static func timedOut(at socket: String) -> Sentence {
        Sentence(
            uzbek: "\(socket) dagi kotibd vaqtida javob bermadi; keyinroq urinib ko'ring",
            english: "kotibd at \(socket) did not answer in time; try again later",
            russian: "kotibd на \(socket) не ответил вовремя; попробуйте позже")
    }

    static let interrupted = Sentence(
        uzbek: "Aloqa javob o'rtasida uzildi; qayta urinib ko'ring",
        english: "The connection ended amid the answer; try again",
        russian: "Соединение прервалось посреди ответа; попробуйте ещё раз")

    static func notKotib(at socket: String, status: Int) -> Sentence {
        Sentence(
            uzbek: "\(socket) dagi javob (\(status)) tushunarsiz: bu kotibd emas yoki uning versiyasi boshqa",
            english:
                "The answer at \(socket) (\(status)) cannot be read: it is no kotibd, or of another version",
            russian: "Ответ на \(socket) (\(status)) непонятен: это не kotibd или другая его версия")
    }

    static func unreadableFile(_ path: String) -> Sentence {
        Sentence(
            uzbek: "\(path) faylini o'qib bo'lmadi", english: "The file \(path) cannot be read",
            russian: "Не удаётся прочитать файл \(path)")
    }

    static let requestTooLong = Sentence(
        uzbek: "So'rov juda uzun: qidiriladigan so'zlarni qisqartiring",
        english: "The request is too long: shorten the words that are searched for",
        russian: "Запрос слишком длинный: сократите искомые слова")

    /// - Parameter argument: readable, with what is no text escaped.
    static func argumentNotUTF8(_ argument: String) -> Sentence {
        Sentence(
            uzbek: "\(argument) UTF-8 matn emas; fayl bo'lsa, avval nomini o'zgartiring",
            english: "\(argument) is no UTF-8 text; if it is a file, rename it first",
            russian: "\(argument) — не текст UTF-8; если это файл, сначала переименуйте его")
    }

    /// Behind the sentence that says why.
    static let tryingAgain = Sentence(
        uzbek: "; qayta urinilmoqda", english: "; trying again", russian: "; попытки продолжаются")

    static let loginHint = Sentence(
        uzbek: " (kotibctl login)", english: " (kotibctl login)", russian: " (kotibctl login)")

    static func retryHint(seconds: Int) -> Sentence {
        switch seconds {
        case ..<300:
            Sentence(
                uzbek: " (\(seconds) soniyadan so'ng)", english: " (in \(seconds) s)",
                russian: " (через \(seconds) с)")
        case ..<7200:
            Sentence(
                uzbek: " (\(seconds / 60 + 1) daqiqadan so'ng)", english: " (in \(seconds / 60 + 1) min)",
                russian: " (через \(seconds / 60 + 1) мин)")
        default:
            Sentence(
                uzbek: " (\(seconds / 3600 + 1) soatdan so'ng)", english: " (in \(seconds / 3600 + 1) h)",
                russian: " (через \(seconds / 3600 + 1) ч)")
        }
    }

    static func tokenFile(_ failure: TokenFile.Failure) -> Sentence {
        switch failure {
        case .noHome:
            Sentence(
                uzbek: "Tokenni saqlash uchun joy yo'q: HOME yoki XDG_STATE_HOME ni belgilang",
                english: "There is no place to keep the token: set HOME or XDG_STATE_HOME",
                russian: "Негде хранить токен: задайте HOME или XDG_STATE_HOME")
        case .unsafe(let path):
            Sentence(
                uzbek: "\(path) faqat sizniki bo'lishi kerak: uni o'chiring va qayta kiring",
                english: "\(path) must be yours alone: delete it and log in again",
                russian: "\(path) должен быть доступен только вам: удалите его и войдите снова")
        case .system(let path, let error):
            Sentence(
                uzbek: "\(path) token fayli bilan ishlab bo'lmadi: \(error)",
                english: "The token file \(path) cannot be used: \(error)",
                russian: "Не удаётся использовать файл токена \(path): \(error)")
        }
    }
}
