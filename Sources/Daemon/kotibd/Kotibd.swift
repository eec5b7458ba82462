import ArgumentParser
import Glibc
import KotibDaemon
import KotibModel

@main
struct Kotibd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kotibd",
        abstract: "Turns a folder into a transcription service.",
        discussion: """
            Recordings that are put into a user's folder below the inbox get a text file with their words beside \
            them. Settings come from the configuration file, then from the environment; the file that comes with \
            Kotib explains each. Logs go to standard error. SIGTERM and SIGINT stop it: running transcriptions \
            get some seconds to finish and are put back otherwise.

            Exit codes are those of sysexits.h: 0 stopped as asked, 64 wrong command line, 65 the catalog is \
            damaged (--rebuild), 70 a fault in Kotib itself, 71 the system refused something, 73 the state folder cannot be \
            used, 75 another kotibd has the state folder, 78 wrong configuration.
            """,
        version: "kotibd \(Version.text)")

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Flag(help: "Check the configuration, show every setting with its origin, and exit.")
    var check = false

    /// The process begins here, as its only thread.
    @MainActor static func main() async {
        do {
            try Daemon.keepCapabilities()
        } catch {
            exit(withError: ExitCode(Daemon.report(error)))
        }
        await main(nil)
    }

    @Flag(
        help: ArgumentHelp(
            "Set a damaged catalog aside, rebuild it and exit.",
            discussion:
                "Keeps the readable rows and fills the rest from the newest backup. Stop kotibd first."))
    var rebuild = false

    func validate() throws {
        if check && rebuild { throw ValidationError("Use either --check or --rebuild.") }
    }

    func run() async throws {
        let code =
            if check {
                ConfigurationCheck.run(configurationFile: config)
            } else if rebuild {
                await CatalogRebuildCommand.run(configurationFile: config)
            } else {
                await Daemon.main(configurationFile: config)
            }
        throw ExitCode(code)
    }
}
