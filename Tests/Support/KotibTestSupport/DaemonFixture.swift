import Foundation
import Glibc
import Synchronization

/// The built kotibd with an inbox and a state folder of its own, driven as a user would: by files, signals,
/// its log, its catalog.
///
/// Made by ``withDaemon(_:environment:starting:_:)``, which ends the process whatever happens.
public final class DaemonFixture: Sendable {
    public let installation: Installation
    public let settings: DaemonSettings
    /// Environment variables of kotibd, apart from PATH, LANG and NOTIFY_SOCKET.
    public let environment: [String: String]
    /// A program and its arguments that starts kotibd in its own place; empty for none.
    let launcher: [String]
    let folder: TemporaryFolder
    let notifications: NotifySocket
    let log: DaemonLog
    private let state = Mutex(State())

    private struct State {
        var process: ChildProcess?
        /// False from the moment a test ends the daemon: before that an end is a failure.
        var shouldRun = false
    }

    init(_ settings: DaemonSettings, environment: [String: String], launcher: [String] = []) throws {
        installation = try Installation.find()
        folder = try TemporaryFolder()
        for name in ["inbox", "state", "scratch"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: false)
        }
        self.settings = DaemonSettings.standard(installation, inside: folder.path).merging(settings)
        self.environment = environment
        self.launcher = launcher
        notifications = try NotifySocket(at: folder.path + "/notify")
        log = DaemonLog(path: folder.path + "/log")
        try self.settings.toml.write(toFile: configurationFile, atomically: false, encoding: .utf8)
    }

    /// The inbox's root.
    public var inbox: String { folder.path + "/inbox" }
    public var stateFolder: String { folder.path + "/state" }
    /// A folder on the inbox's file system for what tests prepare.
    public var scratch: String { folder.path + "/scratch" }
    public var configurationFile: String { folder.path + "/kotib.toml" }

    /// The process id of the running daemon.
    public var pid: Int32 {
        get throws {
            guard let process, process.status == nil else { throw testFailure("kotibd does not run.") }
            return process.pid
        }
    }

    var process: ChildProcess? { state.withLock { $0.process } }

    /// Set where the daemon ended though no test ended it.
    var unexpectedEnd: String? {
        let (process, shouldRun) = state.withLock { ($0.process, $0.shouldRun) }
        return shouldRun ? process?.status?.description : nil
    }

    /// Starts kotibd and returns when it has said READY=1 to systemd's socket (sd_notify(3)).
    /// - Parameter untilReady: false returns at once.
    public func start(untilReady: Bool = true) async throws {
        notifications.forget()
        log.beginLife()
        let command = launcher + [installation.program("kotibd"), "--config", configurationFile]
        let process = try await ChildProcess.start(
            command[0], Array(command.dropFirst()),
            environment: environment.merging(["NOTIFY_SOCKET": notifications.path]) { $1 },
            errors: log.path)
        state.withLock { $0 = State(process: process, shouldRun: true) }
        guard untilReady else { return }
        _ = try await eventually("kotibd says READY=1") {
            notifications.received.contains("READY=1") ? () : nil
        }
    }

    /// Sends a signal to the daemon that does not end it.
    public func send(_ signal: Int32) {
        process?.send(signal)
    }

    /// kill -9: nothing of the daemon's own runs any more.
    public func kill() async throws {
        try await end(SIGKILL, within: .seconds(20))
    }

    /// SIGTERM, as systemd stops a service.
    /// - Returns: how it ended, and how long that took.
    @discardableResult
    public func terminate(within limit: Duration = .seconds(30)) async throws -> (
        status: ProcessEnd, seconds: Double
    ) {
        let start = ContinuousClock.now
        let status = try await end(SIGTERM, within: limit)
        return (status, (ContinuousClock.now - start) / .seconds(1))
    }

    public func restart() async throws {
        try await kill()
        try await start()
    }

    @discardableResult
    private func end(_ signal: Int32, within limit: Duration) async throws -> ProcessEnd {
        guard let process else { throw testFailure("kotibd was never started.") }
        if let end = unexpectedEnd { throw testFailure("kotibd had ended before it was asked to: \(end).") }
        state.withLock { $0.shouldRun = false }
        process.send(signal)
        return try await eventually("kotibd ends after signal \(signal)", within: limit) { process.status }
    }

    /// Leaves no process behind; for the end of a test, whatever happened in it.
    func cleanUp() async {
        state.withLock { $0.shouldRun = false }
        let workers = (try? workerProcesses()) ?? []
        await process?.killAndReap()
        for worker in workers { worker.kill() }
    }
}

/// Runs `body` with a daemon of its own, and ends that daemon whether `body` succeeds or not.
///
/// - Parameters:
///   - settings: what differs from ``DaemonSettings/standard(_:inside:)``.
///   - launcher: what starts kotibd in its own place, such as `["/usr/bin/nice"]`.
///   - starting: false leaves ``DaemonFixture/start(untilReady:)`` to `body`.
public func withDaemon<Result>(
    _ settings: DaemonSettings = [:], environment: [String: String] = [:], launcher: [String] = [],
    starting: Bool = true,
    _ body: (DaemonFixture) async throws -> Result
) async throws -> Result {
    let daemon = try DaemonFixture(settings, environment: environment, launcher: launcher)
    do {
        if starting { try await daemon.start() }
        let result = try await body(daemon)
        if let end = daemon.unexpectedEnd { throw daemon.testFailure("kotibd ended by itself: \(end).") }
        await daemon.cleanUp()
        return result
    } catch {
        if Task.isCancelled {
            // Errors of a test that was cancelled by its time limit are not reported.
            FileHandle.standardError.write(
                Data((daemon.testFailure("The time is over.").description + "\n").utf8))
        }
        await daemon.cleanUp()
        throw error
    }
}
