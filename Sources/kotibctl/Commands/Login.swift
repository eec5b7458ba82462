import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct Login: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Logs in by a code that is sent to a phone.",
        discussion: "What the command line does not say is asked, or read from standard input, a line each.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The phone number, such as +998901234567.")
    var phone: String?

    func run(_ session: Session) async throws {
        let tokens = try session.tokenFile()
        // Without an old token: a log-in must work where that does not hold any more.
        let client = ControlClient(
            socket: session.socket, token: nil, language: session.language.rawValue)
        let number = if let phone { phone } else { try await session.ask(.askPhone) }
        let sent = try await client.sendCode(to: number)
        if session.isAsked { try await session.errors.line(Terminal.safe(sent.body.message)) }
        let login = try await client.verify(phone: number, code: try await session.ask(.askCode)).body
        try await tokens.write(login.accessToken)
        if session.json {
            // The log-in's own answer holds the token, which belongs in no one's log.
            try await session.show(json: session.client().caller().json)
        } else {
            try await session.say(.loggedIn(phone: Terminal.safe(login.phoneNumber)))
        }
    }
}

extension Phrase {
    static let askPhone = Phrase(
        uzbek: "Telefon raqami:", english: "Phone number:", russian: "Номер телефона:")
    static let askCode = Phrase(
        uzbek: "SMS dagi kod:", english: "Code from the message:", russian: "Код из SMS:")

    static func loggedIn(phone: String) -> Phrase {
        Phrase(
            uzbek: "\(phone) sifatida kirdingiz", english: "Logged in as \(phone)",
            russian: "Вы вошли как \(phone)")
    }
}
