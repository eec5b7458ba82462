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

    @Option(
        help: ArgumentHelp(
            "What transcribes: local (this machine) or openai; default for the daemon's own setting.",
            valueName: "name"))
    var engine: String?

    private static let engines = ["local", "openai", "default"]

    func validate() throws {
        guard sidecars != nil || language != nil || engine != nil else {
            throw ValidationError("Use --sidecars, --language or --engine")
        }
        if let engine, !Self.engines.contains(engine) {
            throw ValidationError(
                "There is no engine \(engine): it is \(Self.engines.joined(separator: ", ")).")
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
        return ChangeUserRequest(
            sidecars: formats, language: language == "default" ? "" : language,
            engine: engine == "default" ? "" : engine)
    }

    func run(_ session: Session) async throws {
        try await session.change(name, request)
    }
}
