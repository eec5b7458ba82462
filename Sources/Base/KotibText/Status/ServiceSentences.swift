/// Issues of the engine, messages and hooks, for the administrator. A cause that is not a sentence is quoted
/// from the other side.
extension Sentence {
    public static func enginePaused(_ cause: Sentence) -> Sentence {
        Sentence(
            uzbek: "matnga aylantirish toʻxtab turibdi: \(cause.uzbek)",
            english: "engine paused: \(cause.english)",
            russian: "расшифровка приостановлена: \(cause.russian)")
    }

    public static func codesNotSent(_ cause: String) -> Sentence {
        Sentence(
            uzbek: "kirish kodlari yuborilmayapti: \(cause)",
            english: "no codes are sent: \(cause)",
            russian: "коды для входа не отправляются: \(cause)")
    }

    public static func hookProgramFails(_ cause: String) -> Sentence {
        Sentence(
            uzbek: "xabar dasturi (hooks.program) bajarmayapti: \(cause)",
            english: "the hook program (hooks.program) fails: \(cause)",
            russian: "программа уведомлений (hooks.program) не справляется: \(cause)")
    }

    public static func webhookFails(_ cause: String) -> Sentence {
        Sentence(
            uzbek: "vebxuk (hooks.url) qabul qilinmayapti: \(cause)",
            english: "the webhook (hooks.url) is not taken: \(cause)",
            russian: "вебхук (hooks.url) не принимается: \(cause)")
    }
}
