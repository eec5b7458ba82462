import ArgumentParser
import FoundationEssentials
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Logout: ControlCommand {
    static let configuration = CommandConfiguration(abstract: "Logs out on this computer.")

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Log out on all computers.")
    var all = false

    func run(_ session: Session) async throws {
        let tokens = try session.tokenFile()
        guard try await tokens.read() != nil else { throw CommandError(.notLoggedIn, .notAllowed) }
        do {
            let answer = try await session.client().logout(everywhere: all)
            try await tokens.remove()
            if session.json {
                try await session.show(json: answer.json)
            } else {
                try await session.output.line(Terminal.safe(answer.body.message))
            }
        } catch let ControlError.refused(401, body, retryAfter) {
            // The token is of no use, but the other log-ins that were to end stand: say so.
            try await tokens.remove()
            if all { throw ControlError.refused(status: 401, body, retryAfter: retryAfter) }
            if session.json {
                let done = MessageBody(message: session.text(.logoutDone))
                try await session.show(json: Array(JSONEncoder().encode(done)))
            } else {
                try await session.say(.logoutDone)
            }
        }
    }
}

extension Sentence {
    static let notLoggedIn = Sentence(
        uzbek: "Siz tizimga kirmagansiz", english: "You are not logged in", russian: "Вы не вошли")
    static let logoutDone = Sentence(uzbek: "Tizimdan chiqdingiz", english: "Logged out", russian: "Вы вышли")
}
