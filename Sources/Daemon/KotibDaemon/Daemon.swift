// KotibDaemon: configuration, logs, and the composition root: how the parts are put together.

import FoundationEssentials
import Glibc
import KotibAccounts
import KotibArchive
import KotibCatalog
import KotibComponents
import KotibControlServer
import KotibEngines
import KotibHealth
import KotibHooks
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import Logging
import ServiceLifecycle
import UnixSignals

/// The daemon: its components, connected. This file shows what there is and in which order it starts and
/// stops.
public struct Daemon: Sendable {
    let configuration: Configuration
    let services: ServiceManager
    let logger: Logger

    /// Runs the daemon until SIGTERM, SIGINT or a fatal error.
    /// - Returns: the exit code.
    public static func main(configurationFile: String?) async -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        do {
            let loaded = try Configuration.load(file: configurationFile, environment: environment)
            let configuration = loaded.configuration
            let findings = loaded.findings()
            let logger = Self.startLog(configuration.log, environment)
            for finding in findings where !finding.isError { logger.warning("\(finding.message)") }
            let errors = findings.filter(\.isError)
            if !errors.isEmpty {
                let message = errors.map(\.message).joined(separator: "\nkotibd: ")
                if errors.allSatisfy(\.isTemporary) { throw TemporaryFailure(description: message) }
                throw ConfigurationError(message)
            }
            let services = ServiceManager(environment: environment)
            try await Daemon(configuration: configuration, services: services, logger: logger).run()
            return ExitStatus.stopped
        } catch {
            return report(error)
        }
    }

    /// Keeps the capabilities that systemd may have given the daemon (folder-owners.conf) from hook and
    /// message programs and workers. To be called before there is another thread.
    public static func keepCapabilities() throws {
        try Capabilities.dropFromChildren()
    }

    /// - Returns: the exit code.
    public static func report(_ error: any Error) -> Int32 {
        StandardError.write("kotibd: \(error)\n")
        return ExitStatus.code(for: error)
    }

    private static func startLog(_ settings: Configuration.LogSettings, _ environment: [String: String])
        -> Logger
    {
        let level = Logger.Level(rawValue: settings.level) ?? .info
        let journal = environment["JOURNAL_STREAM"] != nil
        LoggingSystem.bootstrap { _ in
            StandardErrorLog(format: settings.format, level: level, journal: journal)
        }
        return Logger(label: "kotibd")
    }

    private func run() async throws {
        prepareProcess()
        let locks = try await Self.takeLocks(configuration)
        defer { withExtendedLifetime(locks) {} }
        let catalog = try await Catalog.open(
            configuration.databasePath, backup: configuration.backupPath)
        let displaced = DisplacedCatalogBackup(
            catalog: catalog, file: configuration.backupPath, logger: logger)
        try await serve(catalog, displaced)
        await displaced.run()
        try await catalog.close()
        logger.notice("stopped")
    }

    /// Those of the state folder and of the catalog, which another daemon with another state folder may have.
    static func takeLocks(_ configuration: Configuration) async throws -> [LockFile] {
        let state: LockFile
        do {
            state = try await LockFile.acquire(configuration.stateLockPath)
        } catch LockFile.Failure.held(let process) {
            throw StateFolderInUse(folder: configuration.state, process: process)
        }
        do {
            return [state, try await LockFile.acquire(configuration.catalogLockPath)]
        } catch LockFile.Failure.held(let process) {
            throw CatalogInUse(file: configuration.databasePath, process: process)
        }
    }

    /// A broken pipe, or a file beyond RLIMIT_FSIZE, is an error code to us, and nobody else may read the
    /// state folder.
    private func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        umask(0o077)
        raiseOpenFileLimit()
        AllocatorSettings.returnLargeBlocksToKernel()
    }

    /// Raises the soft limit of open files (RLIMIT_NOFILE): the usual 1,024 is used up by connections alone.
    private func raiseOpenFileLimit() {
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
        if setrlimit(resource, &limit) != 0 {
            logger.warning("cannot raise RLIMIT_NOFILE: \(String(cString: strerror(errno)))")
        }
    }

    /// One works while the other is given its next file, which takes in a fifth more files on two cores; and
    /// nobody's large file holds up all others.
    private static let inspectors = 2

    /// In the order of dependence: the first part stops last.
    private func serve(_ catalog: Catalog, _ displaced: DisplacedCatalogBackup) async throws {
        let files = LocalFileSystem(try InboxRoot(path: configuration.inbox))
        let inspectors = WorkerPool(
            program: configuration.inspectorProgram, size: Self.inspectors, logger: logger)
        let (lanes, engines) = try configuration.makeLanes(logger)
        let components = Components(
            files: files, catalog: catalog, engines: lanes,
            inspector: WorkerInspector(pool: inspectors, limits: configuration.inspectionLimits),
            options: configuration.componentOptions(lanes[0]), logger: logger)
        let (queue, pipeline) = (components.queue, components.pipeline)
        let watcher = InboxWatcher(
            root: files.root, configuration: configuration.watchConfiguration, board: components.board,
            isKnown: { await pipeline.isKnown($0) }, handler: { await pipeline.handle($0) }, logger: logger)
        let messages = SMSDispatcher(try configuration.makeSMSSender(logger), logger: logger)
        let accounts = try await makeAccounts(files, catalog, messages)
        let hooks = try await configuration.makeHooks(catalog, logger)
        let health = HealthSources(
            board: components.board, watch: { await watcher.health },
            enginePause: { await queue.enginePause() }, messageProblem: { accounts.messageProblem })
        let control = try makeControl(components, accounts, hooks, watcher, health)
        let status = StatusReporter(
            services: services, catalog: catalog, queue: queue, watcher: watcher, health: health,
            logger: logger)
        var parts: [any Service] = [WorkerService(pool: inspectors)] + engines
        parts += [QueueService(queue: queue), CancellableService { try await watcher.run() }]
        parts += ingestServices(components) + [CancellableService { await messages.run() }]
        parts += catalogServices(components, displaced)
        if hooks.isNeeded { parts.append(CancellableService { await hooks.run() }) }
        if let archiving = components.archiveScheduler(age: configuration.archiveAge) {
            parts.append(CancellableService { await archiving.run() })
        }
        try await run(parts + [control, status])
    }

    private func makeControl(
        _ components: Components, _ accounts: AccountService, _ hooks: HookDispatcher,
        _ watcher: InboxWatcher, _ health: HealthSources
    ) throws -> ControlServer {
        let parts = ControlDependencies(
            catalog: components.catalog, accounts: accounts, actions: components.actions,
            uploads: components.uploads, audio: components.audio, queue: components.queue,
            health: health, engineName: configuration.queue.engine.rawValue,
            version: Version.text,
            // With automatic enrolment the folder's own appearance is enough.
            rescan: { [enroll = configuration.enroll] in if !enroll { await watcher.rescan() } },
            hooks: { () async throws(CatalogError) in try await hooks.health() },
            quotas: configuration.quotas, endings: configuration.intakePolicy.endings)
        return try ControlServer(
            configuration.controlSettings, parts, environment: ProcessInfo.processInfo.environment,
            logger: logger)
    }

    private func ingestServices(_ components: Components) -> [any Service] {
        let readmission = components.quotaReadmission()
        let incompleteFiles = components.incompleteFileMonitor()
        return [
            WaitingTextService(recovery: components.recovery, logger: logger),
            CancellableService { await readmission.run() },
            CancellableService { await incompleteFiles.run() },
        ]
    }

    private func catalogServices(
        _ components: Components, _ displaced: DisplacedCatalogBackup
    ) -> [any Service] {
        let catalog = components.catalog
        var parts: [any Service] = [
            SearchIndexService(catalog: catalog, logger: logger),
            DamageService(catalog: catalog, board: components.board, logger: logger),
            CatalogFileMonitor(
                catalog: catalog, backup: displaced, board: components.board, logger: logger),
        ]
        if let interval = configuration.backupInterval {
            parts.append(
                BackupService(
                    catalog: catalog, file: configuration.backupPath, interval: interval,
                    board: components.board, logger: logger))
        }
        return parts
    }

    private func makeAccounts(
        _ files: LocalFileSystem, _ catalog: Catalog, _ messages: SMSDispatcher
    ) async throws -> AccountService {
        let configuration = configuration
        let secret = try await BlockingWork.run { () throws(SecretError) in try configuration.signingSecret()
        }
        return try await AccountService(
            configuration.accountSettings, secret: secret, catalog: catalog, inbox: UserFolderMaker(files),
            dispatcher: messages, logger: logger)
    }

    private func run(_ parts: [any Service]) async throws {
        var group = ServiceGroupConfiguration(
            services: parts, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.queue.stopGrace + 5)
        try await ServiceGroup(configuration: group).run()
    }
}
