// KotibPrograms: runs an administrator's programs: no shell, a time limit, bounded output.

import Glibc
import KotibPOSIX
import Subprocess
import Synchronization
import SystemPackage

/// A program that is run once with given bytes on its standard input.
///
/// It is started directly, without a shell, in a process group of its own, and without the daemon's
/// environment. Standard output is discarded; the beginning of standard error is kept.
public struct Program: Sendable {
    /// EX_TEMPFAIL of sysexits(3head): not now, but later.
    public static let temporaryFailure: Int32 = 75
    /// Bytes of standard error that are kept.
    public static let keptErrors = CappedStandardError.most

    /// The outcome of one run.
    public struct Run: Hashable, Sendable {
        public enum End: Hashable, Sendable {
            case exited(Int32)
            case signaled(Int32)
            /// Not run: it does not exist or may not be executed.
            case notStarted(String)
            /// Not run: no descriptor or memory is left.
            case outOfResources(SystemError)
            /// It exceeded its time limit and was ended.
            case tookTooLong
            /// The caller's task was cancelled, and the program ended.
            case stopped
            /// How it ended is not known.
            case unknown(String)
        }

        public var end: End
        /// The beginning of what it wrote to its standard error.
        public var errors: [UInt8]
        /// Bytes of standard error in all.
        public var errorCount: Int
    }

    private let path: String
    private let arguments: [String]
    private let limit: Duration
    private let clock: any Clock<Duration>

    /// The time between SIGTERM and SIGKILL.
    static let grace = Duration.seconds(2)

    /// - Parameters:
    ///   - path: the whole one.
    ///   - limit: a program that runs for longer gets SIGTERM, and two seconds later SIGKILL, as all that it
    ///     has started and left in its process group.
    public init(
        _ path: String, _ arguments: [String], limit: Duration,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.path = path
        self.arguments = arguments
        self.limit = limit
        self.clock = clock
    }

    /// Runs the program and returns its outcome. A cancelled task ends the program first.
    /// - Parameters:
    ///   - environment: beside PATH and LANG. NUL bytes, which no variable can hold, are removed.
    ///   - input: its standard input.
    public func run(_ environment: [(name: String, value: [UInt8])], input: [UInt8]) async -> Run {
        let (file, errors, childEnd): (OpenFile, CappedStandardError, Int32)
        do throws(SystemError) {
            file = try OpenFile.inMemory("kotib-input", holding: input)
            (errors, childEnd) = try CappedStandardError.open()
        } catch {
            return Run(end: .outOfResources(error), errors: [], errorCount: 0)
        }
        let variables = Self.variables(environment)
        let (end, beginning, count) = await errors.collect { await race(file, childEnd, variables) }
        return Run(end: end, errors: beginning, errorCount: count)
    }

    /// The program against its time.
    private func race(_ input: OpenFile, _ errors: Int32, _ variables: [[UInt8]]) async -> Run.End {
        let leader = ProcessGroup()
        let end = await withTaskGroup(of: Run.End?.self) { group in
            group.addTask { await start(input, errors, variables, leader) }
            group.addTask {
                guard (try? await clock.sleep(for: limit)) != nil else { return nil }
                return .tookTooLong
            }
            // Whichever comes first; the other is cancelled, which ends the program and waits for its end.
            let first = await group.next() ?? nil
            group.cancelAll()
            if case .signaled = first, Task.isCancelled { return Run.End.stopped }
            return first ?? .stopped
        }
        if end == .tookTooLong || end == .stopped { leader.kill() }
        return end
    }

    private func start(
        _ input: OpenFile, _ errors: Int32, _ variables: [[UInt8]], _ leader: ProcessGroup
    ) async -> Run.End {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: Self.grace)
        ]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(path)), arguments: Arguments(arguments), environment: .custom(variables),
                platformOptions: options,
                input: .fileDescriptor(
                    FileDescriptor(rawValue: input.descriptor), closeAfterSpawningProcess: false),
                output: .discarded,
                error: .fileDescriptor(FileDescriptor(rawValue: errors), closeAfterSpawningProcess: true)
            ) { leader.set(Int32($0.processIdentifier.value)) }
            switch result.terminationStatus {
            case .exited(let status): return .exited(status)
            case .signaled(let signal): return .signaled(signal)
            }
        } catch let error as SubprocessError
            where [.executableNotFound, .spawnFailed].contains(error.code)
        {
            return .notStarted("\(error)")
        } catch {
            return .unknown("\(error)")
        }
    }

    private static func variables(_ environment: [(name: String, value: [UInt8])]) -> [[UInt8]] {
        let own: [(name: String, value: [UInt8])] = [
            ("PATH", Array("/usr/local/bin:/usr/bin:/bin".utf8)), ("LANG", Array("C.UTF-8".utf8)),
        ]
        return (own + environment).map { name, value in
            // Subprocess hands the bytes on to strdup(3).
            Array(name.utf8) + [UInt8(ascii: "=")] + value.filter { $0 != 0 } + [0]
        }
    }
}

/// The process group of a program that has to end: all processes that it has started end with it.
private final class ProcessGroup: Sendable {
    private let leader = Mutex<Int32?>(nil)

    func set(_ process: Int32) {
        leader.withLock { $0 = process }
    }

    /// The number is no other group's as long as a process of this one lives (setpgid(2)); where none does,
    /// nothing happens.
    func kill() {
        guard let leader = leader.withLock({ $0 }), leader > 1 else { return }
        Glibc.kill(-leader, SIGKILL)
    }
}
