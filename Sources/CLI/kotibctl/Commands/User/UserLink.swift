import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserLink: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Sets the phone number that a user logs in with.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Argument(help: "The phone number, such as +998901234567.")
    var phone: String?

    @Flag(help: "Remove the phone number instead.")
    var remove = false

    func validate() throws {
        guard remove == (phone == nil) else { throw ValidationError("Name a phone number, or use --remove") }
    }

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(phoneNumber: phone ?? ""))
    }
}
