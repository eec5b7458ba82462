import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct UserSet: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes the settings of a user.",
        discussion: "Users may change their own settings; only an admin may change quotas.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The name of the user's folder.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Text formats beside each recording, separated by commas: txt, srt, vtt, json, md; or none.",
            valueName: "formats")
    )
    var sidecars: String?

    @Option(
        help: ArgumentHelp(
            "The language of the recordings, such as uz; default for the daemon's setting.", valueName: "code"
        ))
    var language: String?

    @Option(
        help: ArgumentHelp(
            "The engine: local (this machine) or openai; default for the daemon's setting.",
            valueName: "name"))
    var engine: String?

    @Option(
        help: ArgumentHelp(
            "The total size of the recordings in the folder, in bytes or with K, M, G or T; none for no "
                + "limit, default for the daemon's setting.", valueName: "size"))
    var quotaBytes: QuotaLimit.Size?

    @Option(
        help: ArgumentHelp(
            "The minutes of sound that are accepted each day; or none, or default.", valueName: "minutes"))
    var quotaMinutes: QuotaLimit.Count?

    @Option(
        help: ArgumentHelp(
            "The number of recordings in the folder; or none, or default.", valueName: "number"))
    var quotaFiles: QuotaLimit.Count?

    private static let engines = ["local", "openai", "default"]

    func validate() throws {
        let hasQuota = quotaBytes != nil || quotaMinutes != nil || quotaFiles != nil
        guard sidecars != nil || language != nil || engine != nil || hasQuota else {
            throw ValidationError("Use --sidecars, --language, --engine or a --quota")
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
            engine: engine == "default" ? "" : engine, quotaBytes: quotaBytes?.number,
            quotaFiles: quotaFiles?.number, quotaMinutes: quotaMinutes?.number)
    }

    func run(_ session: Session) async throws {
        try await session.change(name, request)
    }
}
