import ArgumentParser
import Glibc

/// The options of every command.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket; otherwise $KOTIB_SOCKET, /run/kotib/kotib.sock, or ./var/kotib.sock.",
            valueName: "path"))
    var socket: String?

    @Flag(help: "Print the daemon's JSON: one document, or one per line.")
    var json = false

    /// An absolute path, as tokens are kept by it.
    /// - Parameter exists: whether there is something at a path.
    func socketPath(
        environment: [String: String], folder: String, exists: (String) -> Bool = { access($0, F_OK) == 0 }
    ) -> String {
        let installed = "/run/kotib/kotib.sock"
        let named = socket ?? environment["KOTIB_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        guard let named else {
            let own = folder + "/var/kotib.sock"
            return !exists(installed) && exists(own) ? own : installed
        }
        return named.hasPrefix("/") ? named : folder + "/" + named
    }
}
