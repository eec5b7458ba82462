import ArgumentParser

@main
struct Kotibctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kotibctl",
        abstract: "Lists, reads, edits and follows what Kotib transcribes.",
        discussion: """
            Speaks to kotibd over its socket: as the local operator where the daemon takes you for that, otherwise \
            as the user who logged in. Sentences are in English, Uzbek or Russian, as LC_ALL, LC_MESSAGES or LANG \
            say.

            Exit codes: 0 done, 1 failed or degraded, 64 wrong command line, 66 no such recording, user or file, \
            69 no daemon answers, 73 a file cannot be written, 75 try again later, 76 the answer is not Kotib's, \
            77 not allowed, 130 interrupted, 141 the reader of the output went away.
            """,
        subcommands: [
            Login.self, Logout.self, WhoAmI.self, List.self, Show.self, Search.self, Watch.self, Upload.self,
            Edit.self, Export.self, Play.self, Retry.self, Remove.self, Status.self, User.self,
        ])
}
