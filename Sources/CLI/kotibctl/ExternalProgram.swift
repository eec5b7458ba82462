import Glibc
import Subprocess
import SystemPackage

/// An external program that a command uses. Run without a shell.
struct ExternalProgram: Sendable {
    let path: FilePath

    /// More than the longest document; beyond that the program is taken for broken.
    private static let longestOutput = 256 << 20
    private static let longestComplaint = 64 << 10

    init(path: FilePath) { self.path = path }

    /// Nil where the folders of PATH have none of that name. Relative ones are not searched: what lies in the
    /// working folder is no program of the system's.
    init?(named name: String, environment: [String: String]) {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        let places = folders.filter { $0.hasPrefix("/") }.map { FilePath(String($0)).appending(name) }
        guard let path = places.first(where: { access($0.string, X_OK) == 0 }) else { return nil }
        self.path = path
    }

    /// Runs it with the terminal as its own and returns its exit code; 128 and more for a signal, as shells
    /// do.
    func onTerminal(_ arguments: [String]) async throws -> Int32 {
        // Ctrl-C is for the program that has the terminal. A handler, unlike SIG_IGN, is not inherited.
        let before = [SIGINT, SIGQUIT].map { ($0, signal($0) { _ in }) }
        defer { for (number, handler) in before { signal(number, handler) } }
        let result = try await Subprocess.run(
            .path(path), arguments: Arguments(arguments), input: .currentStandardInput,
            output: .currentStandardOutput, error: .currentStandardError)
        return switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        }
    }

    /// Gives it `input`, a file that it may leave unread, and takes what it writes. Nil and its last line of
    /// complaint where it fails.
    func convert(_ input: FileDescriptor, _ arguments: [String]) async throws -> (
        output: [UInt8]?, complaint: String
    ) {
        let result = try await Subprocess.run(
            .path(path), arguments: Arguments(arguments),
            input: .fileDescriptor(input, closeAfterSpawningProcess: false),
            output: .bytes(limit: Self.longestOutput), error: .bytes(limit: Self.longestComplaint))
        let complaint = String(decoding: result.standardError, as: UTF8.self).split(separator: "\n").last
        let isDone = result.terminationStatus.isSuccess
        return (isDone ? result.standardOutput : nil, complaint.map(String.init) ?? "")
    }
}
