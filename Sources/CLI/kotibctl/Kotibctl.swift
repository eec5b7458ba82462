import ArgumentParser
import FoundationEssentials
import Glibc
import KotibModel
import KotibText
import SystemPackage

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

    /// Swift reads arguments as UTF-8 and puts U+FFFD for what is not: another file or user would be meant.
    static func main() async {
        guard let argument = firstArgumentWithoutUTF8 else { return await main(nil) }
        let environment = ProcessInfo.processInfo.environment
        let sentence = Sentence.argumentNotUTF8(Terminal.safe(argument))
        let line = "kotibctl: " + sentence.text(in: Language(environment: environment))
        // There is nowhere left to say that standard error is gone.
        try? await Terminal(.standardError, environment: environment).line(line)
        Glibc.exit(ControlExit.usage.rawValue)
    }

    /// With its bytes that are no text escaped.
    private static var firstArgumentWithoutUTF8: String? {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
            if String(validating: bytes, as: UTF8.self) == nil { return ByteText.escaped(bytes) }
        }
        return nil
    }
}
