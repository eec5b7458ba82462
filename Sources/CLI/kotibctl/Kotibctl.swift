import ArgumentParser
import KotibModel

@main
struct Kotibctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kotibctl",
        abstract: "Lists, shows, edits and follows recordings and their transcripts.",
        discussion: """
            Talks to kotibd over its socket, as the local operator (root or the daemon's own user), otherwise \
            as the user who logged in. Sentences are in English, Uzbek or Russian, as LC_ALL, LC_MESSAGES or LANG \
            say.

            Exit codes: \(ControlExit.table).
            """,
        version: "kotibctl \(Version.text)",
        subcommands: [
            Login.self, Logout.self, WhoAmI.self, List.self, Show.self, Search.self, Watch.self, Upload.self,
            Edit.self, Export.self, Play.self, Retry.self, Texts.self, Remove.self, Status.self, User.self,
        ])
}
