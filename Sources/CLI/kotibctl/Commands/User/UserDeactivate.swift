import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserDeactivate: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Deactivates a user and ends all sessions.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(isActive: false))
    }
}
