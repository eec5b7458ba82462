import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserActivate: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Activates a user again.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(isActive: true))
    }
}
