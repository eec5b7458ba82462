import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserLink: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Gives a user the phone number that they log in with.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Argument(help: "The phone number, such as +998901234567.")
    var phone: String?

    @Flag(help: "Take the number from the user instead.")
    var remove = false

    func validate() throws {
        guard remove == (phone == nil) else { throw ValidationError("Name a phone number, or use --remove") }
    }

    func run(_ session: Session) async throws {
        try await session.change(name, ChangeUserRequest(phoneNumber: phone ?? ""))
    }
}
