import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// How a process ended.
public enum ProcessEnd: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signaled(Int32)

    init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signaled(signal)
            }
    }

    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}

/// A process that goes on until it is ended.
public final class ChildProcess: Sendable {
    public let pid: Int32
    private let ending: Ending
    private let task: Task<Void, Never>

    private final class Ending: Sendable {
        let status = Mutex<ProcessEnd?>(nil)
    }

    private init(pid: Int32, ending: Ending, task: Task<Void, Never>) {
        self.pid = pid
        self.ending = ending
        self.task = task
    }

    /// Nil while it runs.
    public var status: ProcessEnd? { ending.status.withLock { $0 } }

    /// - Parameter errors: the file to which standard error and output are appended.
    public static func start(
        _ program: String, _ arguments: [String], environment: [String: String], errors: String
    ) async throws -> ChildProcess {
        let (pids, pid) = AsyncThrowingStream.makeStream(of: Int32.self)
        let ending = Ending()
        let file = try FileDescriptor.open(
            errors, .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        let task = Task {
            do {
                let result = try await Subprocess.run(
                    .path(FilePath(program)), arguments: Arguments(arguments),
                    environment: Command.environment(environment), input: .none,
                    output: .fileDescriptor(file, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(file, closeAfterSpawningProcess: true)
                ) { pid.yield(Int32($0.processIdentifier.value)) }
                ending.status.withLock { $0 = ProcessEnd(result.terminationStatus) }
                pid.finish()
            } catch {
                pid.finish(throwing: error)
            }
        }
        for try await pid in pids { return ChildProcess(pid: pid, ending: ending, task: task) }
        throw CancellationError()
    }

    /// Does nothing where the process has ended.
    public func send(_ signal: Int32) {
        guard status == nil else { return }
        Glibc.kill(pid, signal)
    }

    /// Returns when nothing is left of it.
    public func killAndReap() async {
        if status == nil { Glibc.kill(pid, SIGKILL) }
        await task.value
    }
}

/// A program that runs while `body` does, and is killed then.
public func withProgram<Value>(
    _ path: String, _ arguments: [String], _ body: (ChildProcess) async throws -> Value
) async throws -> Value {
    let process = try await ChildProcess.start(path, arguments, environment: [:], errors: "/dev/null")
    do {
        let value = try await body(process)
        await process.killAndReap()
        return value
    } catch {
        await process.killAndReap()
        throw error
    }
}

/// A program that is run to its end.
public struct Command {
    public var end: ProcessEnd
    public var output: String
    public var errors: String

    /// - Parameter program: a path, or a name to be found in PATH.
    /// - Parameter environment: nil for this process's own.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil
    ) async throws -> Command {
        let result = try await Subprocess.run(
            program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(arguments), environment: environment.map(Self.environment) ?? .inherit,
            output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
        return Command(
            end: ProcessEnd(result.terminationStatus), output: result.standardOutput,
            errors: result.standardError)
    }

    /// Like ``run(_:_:environment:)``, but throws if the program fails.
    @discardableResult
    public static func succeed(_ program: String, _ arguments: [String]) async throws -> String {
        let command = try await run(program, arguments)
        guard command.end == .exited(0) else {
            throw DaemonTestFailure(
                description: "\(program) \(arguments.joined(separator: " ")) ended with \(command.end): "
                    + command.errors)
        }
        return command.output
    }

    static func environment(_ own: [String: String]) -> Environment {
        var values: [Environment.Key: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]
        for (name, value) in own { values[Environment.Key(stringLiteral: name)] = value }
        return .custom(values)
    }
}
