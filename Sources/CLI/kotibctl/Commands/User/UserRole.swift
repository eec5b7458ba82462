import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserRole: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Changes the role of a user.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Argument(help: "The role of the user.")
    var role: Role

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(role: role.rawValue))
    }
}
