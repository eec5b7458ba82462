import ArgumentParser
import KotibControlClient
import KotibControlProtocol

enum Role: String, CaseIterable, ExpressibleByArgument {
    case user, admin
}

struct UserAdd: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a user with a folder in the inbox.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the folder.")
    var name: String

    @Option(help: ArgumentHelp("The phone number that the user logs in with.", valueName: "number"))
    var phone: String?

    @Option(help: "The role of the user.")
    var role: Role?

    func run(_ session: Session) async throws {
        let request = AddUserRequest(name: name, phoneNumber: phone, role: role?.rawValue)
        let answer = try await session.client().addUser(request)
        try await session.show(answer.body, json: answer.json)
    }
}
