import ArgumentParser
import Glibc
import KotibControlClient
import KotibPOSIX
import KotibText
import SystemPackage

/// A place in a recording: `80`, `1:20` or `1:02:03`.
struct PlayPosition: ExpressibleByArgument, Hashable, Sendable {
    let seconds: Int

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        // Six digits are no overflow, and longer than any recording.
        let numbers = parts.compactMap { part in
            part.count <= 6 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        guard numbers.count == parts.count, (1...3).contains(parts.count) else { return nil }
        guard numbers.dropFirst().allSatisfy({ $0 < 60 }) else { return nil }
        seconds = numbers.reduce(0) { $0 * 60 + $1 }
    }
}

struct Play: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays a recording.", discussion: "Needs ffplay (of ffmpeg) or mpv.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The recording.", valueName: "id"))
    var id: Int64

    @Option(help: ArgumentHelp("The position at which to start, such as 1:20.", valueName: "time"))
    var from: PlayPosition?

    func run(_ session: Session) async throws {
        let (player, arguments) = try player(session.environment)
        let client = try await session.client()
        if session.json { try await session.show(json: client.recording(id).json) }
        let file = try await download(client, session)
        defer { try? file.close() }
        // The file has no other name.
        let path = "/proc/\(getpid())/fd/\(file.rawValue)"
        let code = try await player.onTerminal(arguments + [path])
        if code != 0 { throw CommandError(.playerFailed(player.path.lastComponent?.string ?? "", code)) }
    }

    private func player(_ environment: [String: String]) throws(CommandError) -> (ExternalProgram, [String]) {
        let start = String(from?.seconds ?? 0)
        if let ffplay = ExternalProgram(named: "ffplay", environment: environment) {
            // A playlist under the name of a recording must not have it fetch anything.
            let quiet = [
                "-nodisp", "-autoexit", "-loglevel", "error", "-stats", "-protocol_whitelist", "file",
            ]
            return (ffplay, quiet + ["-ss", start])
        }
        if let mpv = ExternalProgram(named: "mpv", environment: environment) {
            return (mpv, ["--no-video", "--no-ytdl", "--start=" + start, "--"])
        }
        throw CommandError(.install(program: "ffplay", package: "ffmpeg"))
    }

    private func download(_ client: ControlClient, _ session: Session) async throws -> FileDescriptor {
        do {
            let file = try await LocalFile.unnamed(environment: session.environment)
            do {
                try await client.audio(id) { piece in
                    try await BlockingWork.run { _ = try file.writeAll(piece) }
                }
            } catch let error as ControlError where ControlExit(error) == .notFound {
                try? file.close()
                // The sound of a recording may be gone; where there is no recording at all, that is said.
                _ = try await client.recording(id)
                throw error
            } catch {
                try? file.close()
                throw error
            }
            return file
        } catch let error as Errno {
            throw CommandError(.noTemporaryFile(error), .cannotCreate)
        }
    }
}

extension Sentence {
    static func playerFailed(_ player: String, _ code: Int32) -> Sentence {
        Sentence(
            uzbek: "\(player) \(code) kodi bilan tugadi", english: "\(player) ended with code \(code)",
            russian: "\(player): код завершения \(code)")
    }
}
