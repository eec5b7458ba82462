import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct WhoAmI: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Shows as which user the daemon sees you.")

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let answer = try await session.client().caller()
        if session.json { return try await session.show(json: answer.json) }
        guard let user = answer.body.user else { return try await session.say(.localOperator) }
        try await session.show(user)
    }
}

extension Sentence {
    static let localOperator = Sentence(
        uzbek: "Mahalliy operator", english: "The local operator", russian: "Локальный оператор")
}
