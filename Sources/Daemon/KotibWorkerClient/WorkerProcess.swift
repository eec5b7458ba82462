import Glibc
import KotibPOSIX
import KotibRuntime
import Logging
import Subprocess
import SystemPackage

/// One worker, from its start until it is reaped.
struct WorkerProcess {
    let program: WorkerProgram
    let clock: any Clock<Duration>
    let logger: Logger

    /// How it ended.
    struct End {
        var error: WorkerError
        /// Nil where it never got as far as a connection.
        var session: WorkerSession?

        /// Whether it had work: a process that ends without any is broken.
        var hadWork: Bool { session?.hadWork ?? false }
    }

    /// Starts the program and returns when its process is reaped. Ends soon when the task is cancelled.
    /// - Parameter whenReady: called once, when the worker takes requests.
    func run(whenReady: @escaping @Sendable (WorkerSession) -> Void) async -> End {
        let log = WorkerLog(logger)
        var session: WorkerSession?
        do {
            let (ours, input) = try connect()
            let connected = WorkerSession(
                socket: ours, limits: program.limits, elapsed: clock.stopwatch(), whenReady: whenReady)
            session = connected
            let exit = try await start(connected, input, log)
            return End(error: connected.verdict ?? .died(exit, lastLine: log.lastLine), session: session)
        } catch {
            let reason = Task.isCancelled ? WorkerError.stopped : notStarted("\(error)")
            return End(error: reason, session: session)
        }
    }

    private func notStarted(_ reason: String) -> WorkerError {
        .couldNotStart(reason: "\(program.executable): \(reason)", retryAfter: .zero)
    }

    /// Our end, which does not block, and the child's as a bare number: Subprocess closes it once the child
    /// has its copy, so that the child's death ends the connection.
    private func connect() throws(SystemError) -> (PacketSocket, Int32) {
        let (ours, theirs) = try PacketSocket.pair()
        try SystemError.check("fcntl") { fcntl(ours.descriptor, F_SETFL, O_NONBLOCK) }
        let input = try SystemError.check("fcntl") { fcntl(theirs.descriptor, F_DUPFD_CLOEXEC, 3) }
        return (ours, input)
    }

    private func start(
        _ session: WorkerSession, _ input: Int32, _ log: WorkerLog
    ) async throws -> WorkerExit {
        let (pipe, logEnd) = try LogPipe.open(into: log)
        let result = try await Subprocess.run(
            .path(FilePath(program.executable)), arguments: Arguments(program.arguments),
            environment: environment, platformOptions: options,
            input: .fileDescriptor(FileDescriptor(rawValue: input), closeAfterSpawningProcess: true),
            output: .discarded,
            error: .fileDescriptor(FileDescriptor(rawValue: logEnd), closeAfterSpawningProcess: true)
        ) { execution in
            await pipe.forward { await supervise(session, execution) }
        }
        return switch result.terminationStatus {
        case .exited(let status): .status(status)
        case .signaled(let signal): .signal(signal)
        }
    }

    private var environment: Environment {
        var values: [Environment.Key: String] = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
        for (name, value) in program.environment {
            values[Environment.Key(stringLiteral: name)] = value
        }
        return .custom(values)
    }

    /// The end of the connection is the polite word; signal 0 is none at all (kill(2)) and only waits for it
    /// to be heard. SIGKILL follows of itself.
    private var teardownSteps: [TeardownStep] {
        [Signal(rawValue: 0), .terminate].map {
            .send(signal: $0, allowedDurationToNextStep: program.limits.exit)
        }
    }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = teardownSteps
        return options
    }

    /// Watches the process until the connection ends, then makes sure that the process ends too.
    private func supervise<Input, Output, Failure>(
        _ session: WorkerSession, _ execution: Execution<Input, Output, Failure>
    ) async {
        await withTaskGroup { group in
            group.addTask {
                guard let verdict = await overdue(session) else { return }
                session.disconnect(verdict)
            }
            await session.run()
            group.cancelAll()
        }
        // A worker with a verdict is past words. Failing means that it is gone already.
        if session.verdict != nil { try? execution.send(signal: .kill) }
        await execution.teardown(using: teardownSteps)
    }

    /// Returns the reason to kill the worker once there is one; nil when the task is cancelled.
    private func overdue(_ session: WorkerSession) async -> WorkerError? {
        let interval = session.watchInterval
        for await _ in session.owed {
            while let verdict = session.check() {
                if let verdict { return verdict }
                guard (try? await clock.sleep(for: interval)) != nil else { return nil }
            }
        }
        return nil
    }
}
