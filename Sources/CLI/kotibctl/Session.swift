import ArgumentParser
import FoundationEssentials
import Glibc
import KotibControlClient
import KotibControlProtocol
import KotibText
import SystemPackage

/// A command that speaks to the daemon.
protocol ControlCommand: AsyncParsableCommand {
    var options: GlobalOptions { get }
    func run(_ session: Session) async throws
}

extension ControlCommand {
    func run() async throws {
        let session = Session(options, environment: ProcessInfo.processInfo.environment)
        throw await ExitCode(session.run(run(_:)).rawValue)
    }
}

/// An error of a command, in the person's language.
struct CommandError: Error {
    let phrase: Sentence
    let exit: ControlExit

    init(_ phrase: Sentence, _ exit: ControlExit = .failed) {
        self.phrase = phrase
        self.exit = exit
    }
}

/// Ends a command without a message, since it has reported everything.
struct SilentExit: Error {
    let exit: ControlExit
}

/// The dependencies of a command.
struct Session: Sendable {
    let environment: [String: String]
    let socket: String
    /// Whether to print the daemon's own JSON.
    let json: Bool
    let language: Language
    let output: Terminal
    let errors: Terminal

    init(_ options: GlobalOptions, environment: [String: String]) {
        self.environment = environment
        let folder = FileManager.default.currentDirectoryPath
        socket = options.socketPath(environment: environment, folder: folder)
        json = options.json
        language = Language(environment: environment)
        output = Terminal(.standardOutput, environment: environment)
        errors = Terminal(.standardError, environment: environment)
    }

    func tokenFile() throws -> TokenFile { try TokenFile(socket: socket, environment: environment) }

    /// With the token of the login if there is one; otherwise the daemon recognizes the process's owner.
    func client() async throws -> ControlClient {
        var token: String?
        do {
            token = try await tokenFile().read()
        } catch TokenFile.Failure.noHome {}
        return ControlClient(socket: socket, token: token, language: language.rawValue)
    }

    func text(_ phrase: Sentence) -> String { phrase.text(in: language) }

    func say(_ phrase: Sentence) async throws { try await output.line(text(phrase)) }

    /// The daemon's document on a line of its own.
    func show(json: [UInt8]) async throws {
        try await output.write(json.onOneLine + [UInt8(ascii: "\n")])
    }

    /// On standard error.
    func printError(_ sentence: String) async {
        // There is nowhere left to say that standard error is gone.
        try? await errors.line("kotibctl: " + Terminal.safe(sentence))
    }

    /// Runs `body` and reports its error.
    func run(_ body: (Session) async throws -> Void) async -> ControlExit {
        do {
            try await body(self)
            return .done
        } catch {
            return await report(error)
        }
    }

    /// Reports an error and returns its exit code.
    /// - Parameter id: the recording, where a command has several.
    func report(_ error: any Error, about id: Int64? = nil) async -> ControlExit {
        switch error {
        case let error as ControlError:
            await printError((id.map { "\($0): " } ?? "") + sentence(error))
            return ControlExit(error)
        case let error as CommandError:
            await printError(text(error.phrase))
            return error.exit
        case let error as TokenFile.Failure:
            await printError(text(.tokenFile(error)))
            return .cannotCreate
        case let error as SilentExit: return error.exit
        case let error as ExitCode: return ControlExit(rawValue: error.rawValue) ?? .failed
        case is BrokenPipe: return .brokenPipe
        case is CancellationError: return .interrupted
        default:
            await printError(String(describing: error))
            return .failed
        }
    }

    /// Runs `body` for each recording; an error of one is reported with its id and does not stop the others.
    func each(_ ids: [Int64], _ body: (Int64) async throws -> Void) async throws {
        var exit = ControlExit.done
        for id in ids {
            do {
                try await body(id)
            } catch let error as ControlError where !error.isAboutSocket {
                exit = await report(error, about: id)
            }
        }
        if exit != .done { throw SilentExit(exit: exit) }
    }

    func sentence(_ error: ControlError) -> String {
        switch error {
        case .refused(let status, let body, let retryAfter):
            switch status {
            case 401: body.detail + text(.loginHint)
            // The daemon does not know the language of a request that it did not read.
            case 431: text(.requestTooLong)
            default: body.detail + (retryAfter.map { text(.retryHint(seconds: $0)) } ?? "")
            }
        case .unreachable(let socket): text(.noDaemon(at: socket))
        case .connectionDenied(let socket, let group): text(.connectionDenied(at: socket, group: group))
        case .interrupted: text(.interrupted)
        case .timedOut: text(.timedOut(at: socket))
        case .unreadable(let status): text(.notKotib(at: socket, status: status))
        case .unreadableFile(let path): text(.unreadableFile(path))
        case .requestTooLong: text(.requestTooLong)
        }
    }
}

extension Sequence<UInt8> {
    /// JSON without line ends: between its tokens one is a space, and within them there is none.
    var onOneLine: [UInt8] { map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }
}
