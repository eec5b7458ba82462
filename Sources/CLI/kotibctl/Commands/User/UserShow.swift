import ArgumentParser
import FoundationEssentials
import KotibControlClient
import KotibControlProtocol

struct UserShow: ControlCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows a user.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    func run(_ session: Session) async throws {
        let user = try await session.user(named: name)
        try await session.show(user, json: Array(try JSONEncoder().encode(user)))
    }
}
