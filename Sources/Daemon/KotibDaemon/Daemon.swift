// KotibDaemon: configuration, logs, and the composition root: how the parts are put together.

import FoundationEssentials
import Glibc
import KotibAccounts
import KotibCatalog
import KotibControlServer
import KotibEngines
import KotibHooks
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import Logging
import ServiceLifecycle
import UnixSignals

/// One daemon: its parts, wired. Reading this file tells what there is and in which order it starts and stops.
public struct Daemon: Sendable {
    let configuration: Configuration
    let services: ServiceManager
    let logger: Logger

    /// Runs the daemon until SIGTERM or SIGINT, or until it cannot go on.
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
                if errors.allSatisfy(\.mayPass) { throw NotNow(description: message) }
                throw ConfigurationError(message)
            }
            let services = ServiceManager(environment: environment)
            try await Daemon(configuration: configuration, services: services, logger: logger).run()
            return ExitStatus.stopped
        } catch {
            return tell(error)
        }
    }

    /// Keeps the capabilities that systemd may have given the daemon (folder-owners.conf) from hook and message programs
    /// and workers. To be called before there is another thread.
    public static func keepCapabilities() throws {
        try Capabilities.keepFromPrograms()
    }

    /// - Returns: the exit code.
    public static func tell(_ error: any Error) -> Int32 {
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
        let lock = try Self.takeLock(configuration.state)
        defer { withExtendedLifetime(lock) {} }
        let catalog = try await Catalog.open(
            configuration.databasePath, backup: configuration.backupPath)
        try await serve(catalog)
        try await catalog.close()
        logger.notice("stopped")
    }

    static func takeLock(_ state: String) throws -> LockFile {
        do {
            return try LockFile(path: state + "/kotibd.lock")
        } catch LockFile.Failure.held(let process) {
            throw StateFolderInUse(folder: state, process: process)
        }
    }

    /// A broken pipe is an error code to us, and what lies in the state folder is nobody else's to read.
    private func prepareProcess() {
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        raiseLimitOfFiles()
        LargeBlocks.goBackToTheKernel()
    }

    /// A shell's soft limit, 1,024 for select(2)'s sake, is as many as there may be connections alone.
    private func raiseLimitOfFiles() {
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
        if setrlimit(resource, &limit) != 0 { logger.warning("the limit of open files stays as it was") }
    }

    /// One works while the other is given its next file, which takes in a fifth more files on two cores; and nobody's
    /// large file holds up all others.
    private static let inspectors = 2

    /// In the order of dependence: what stands first stops last.
    private func serve(_ catalog: Catalog) async throws {
        let files = LocalFileSystem(try InboxRoot(path: configuration.inbox))
        let board = ProblemBoard(logger: logger)
        let sidecars = makeSidecarWriter(files, catalog, board)
        let inspectors = WorkerPool(
            program: configuration.inspectorProgram, size: Self.inspectors, logger: logger)
        let (lanes, engines) = try configuration.makeLanes(logger)
        let queue = TranscriptionQueue(
            catalog: catalog, engine: lanes[0].engine, others: Array(lanes.dropFirst()),
            options: configuration.queueOptions(lanes[0]), log: logger,
            open: { try await AudioOpener(files: files).open($0) },
            check: { await AudioOpener(files: files).check($0, of: $1) },
            settled: { await sidecars.settled($0) },
            choices: { recording throws(CatalogError) in try await choices(recording, files, catalog) },
            stuck: { tell($0, board) })
        let pipeline = IngestPipeline(
            files: files, policy: configuration.intakePolicy,
            inspector: WorkerInspector(pool: inspectors, limits: configuration.inspectionLimits),
            catalog: catalog, sidecars: sidecars, queue: queue, language: configuration.intake.language,
            enrolls: configuration.enroll, quotas: configuration.quotas, archive: configuration.archiveFolder,
            stillness: Stillness(patience: .seconds(configuration.watch.incompleteAfter)), board: board,
            logger: logger)
        let watcher = InboxWatcher(
            root: files.root, configuration: configuration.watchConfiguration, board: board,
            isKnown: { await pipeline.isKnown($0) }, handler: { await pipeline.handle($0) }, logger: logger)
        let messages = SMSDispatcher(try configuration.makeSMSSender(logger), logger: logger)
        let accounts = try await makeAccounts(files, catalog, messages)
        let hooks = try await configuration.makeHooks(catalog, logger)
        let control = try ControlServer(
            configuration.controlSettings,
            ControlParts(
                catalog: catalog, accounts: accounts, actions: RecordingActions(pipeline), queue: queue,
                health: { await watcher.health }, engineName: configuration.queue.engine.rawValue,
                version: Version.text,
                // With automatic enrolment the folder's own appearance is enough.
                rescan: { [enroll = configuration.enroll] in if !enroll { await watcher.rescan() } },
                hooks: { () async throws(CatalogError) in try await hooks.health() },
                quotas: configuration.quotas),
            environment: ProcessInfo.processInfo.environment, logger: logger)
        let status = StatusReporter(
            services: services, catalog: catalog, queue: queue, watcher: watcher, logger: logger)
        try await run(
            [WorkerService(pool: inspectors)] + engines + [
                QueueService(queue: queue), WatcherService(watcher: watcher),
                DueTextService(pipeline: pipeline, logger: logger),
                ReadmissionService(readmission: Readmission(pipeline)),
                IncompleteFileService(files: IncompleteFiles(pipeline)), MessageService(dispatcher: messages),
                IndexService(catalog: catalog, logger: logger),
                DamageService(catalog: catalog, board: board, logger: logger),
            ] + backupServices(catalog, board)
                + (hooks.isNeeded ? [HookService(dispatcher: hooks)] : []) + archiveServices(pipeline)
                + [control, status])
    }

    private func run(_ parts: [any Service]) async throws {
        var group = ServiceGroupConfiguration(
            services: parts, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.queue.stopGrace + 5)
        try await ServiceGroup(configuration: group).run()
    }
}
