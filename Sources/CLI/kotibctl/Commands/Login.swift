import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Login: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Logs in with a code that is sent to a phone.",
        discussion: """
            Asks for missing arguments, or reads them from standard input, one per line. On a terminal a \
            wrong number or code is asked once more.
            """)

    /// The tries that the daemon allows for one code.
    private static let tries = 3

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The phone number, such as +998901234567.")
    var phone: String?

    func run(_ session: Session) async throws {
        let tokens = try session.tokenFile()
        // Without an old token: a log-in must work where that does not hold any more.
        let client = ControlClient(
            socket: session.socket, token: nil, language: session.language.rawValue)
        let number = try await sendCode(client, session)
        let login = try await verify(number, client, session)
        try await tokens.write(login.accessToken)
        if session.json {
            // The log-in's own answer holds the token, which belongs in no one's log.
            try await session.show(json: session.client().caller().json)
        } else {
            try await session.say(.loggedIn(phone: Terminal.safe(login.phoneNumber)))
        }
    }

    /// - Returns: the number that it went to.
    private func sendCode(_ client: ControlClient, _ session: Session) async throws -> String {
        while true {
            let number = if let phone { phone } else { try await session.ask(.askPhone) }
            do {
                let sent = try await client.sendCode(to: number).body
                if session.isInteractive { try await session.errors.line(Terminal.safe(sent.message)) }
                return number
            } catch ControlError.refused(_, let body, _) where body.code == ErrorCode.invalid.rawValue {
                let trouble = CommandError(.noPhoneNumber(number), .usage)
                guard phone == nil, session.isInteractive else { throw trouble }
                _ = await session.report(trouble)
            }
        }
    }

    private func verify(
        _ number: String, _ client: ControlClient, _ session: Session
    ) async throws -> LoginBody {
        var left = session.isInteractive ? Self.tries : 1
        while true {
            let code = try await session.ask(.askCode)
            do {
                return try await client.verify(phone: number, code: code).body
            } catch let error as ControlError {
                left -= 1
                guard case .refused(_, let body, _) = error, left > 0,
                    [.wrongCode, .invalid].contains(ErrorCode(rawValue: body.code))
                else { throw error }
                _ = await session.report(error)
            }
        }
    }
}

extension Sentence {
    static let askPhone = Sentence(
        uzbek: "Telefon raqami:", english: "Phone number:", russian: "Номер телефона:")
    static let askCode = Sentence(
        uzbek: "SMS dagi kod:", english: "Code from the message:", russian: "Код из SMS:")

    static func noPhoneNumber(_ text: String) -> Sentence {
        Sentence(
            uzbek: "\(text) telefon raqami emas: + va mamlakat kodi bilan yozing, masalan +998901234567",
            english: "\(text) is no phone number: write it with + and the country, as in +998901234567",
            russian: "\(text) — не номер телефона: пишите с + и кодом страны, например +998901234567")
    }

    static func loggedIn(phone: String) -> Sentence {
        Sentence(
            uzbek: "\(phone) sifatida kirdingiz", english: "Logged in as \(phone)",
            russian: "Вы вошли как \(phone)")
    }
}
