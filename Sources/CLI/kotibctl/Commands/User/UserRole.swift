import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserRole: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Makes a user an admin, or no admin any more.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Argument(help: "What the user may do.")
    var role: Role

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(role: role.rawValue))
    }
}
