import ArgumentParser
import KotibControlClient
import KotibControlProtocol

struct UserSet: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes what a user gets.",
        discussion: "Everybody may do so for themselves.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Files beside each recording, by commas: txt, srt, vtt, json, md; or none.", valueName: "formats")
    )
    var sidecars: String?

    @Option(
        help: ArgumentHelp(
            "What is spoken, such as uz; default for the daemon's own setting.", valueName: "code"))
    var language: String?

    func validate() throws {
        guard sidecars != nil || language != nil else {
            throw ValidationError("Use --sidecars or --language")
        }
        let known = Show.Format.allCases.map(\.rawValue)
        if let unknown = formats?.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "There is no format \(unknown): it is \(known.joined(separator: ", ")), or none.")
        }
    }

    private var formats: [String]? {
        sidecars.map { $0 == "none" ? [] : $0.split(separator: ",").map { String($0).trimmed } }
    }

    var request: ChangeUserRequest {
        return ChangeUserRequest(sidecars: formats, language: language == "default" ? "" : language)
    }

    func run(_ session: Session) async throws {
        try await session.change(name, request)
    }
}
