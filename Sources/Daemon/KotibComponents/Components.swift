// KotibComponents: makes the parts of the daemon, for the daemon itself and for tests.

import FoundationEssentials
import KotibArchive
import KotibCatalog
import KotibHealth
import KotibIngest
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibText
import KotibTranscription
import KotibWatch
import Logging

/// The components between the watcher, the engines and the sockets, connected. The daemon and the tests'
/// fixtures create them here. A class, because copies of so large a value would be a megabyte of code.
package final class Components: Sendable {
    let files: any FileSystem
    package let catalog: Catalog
    package let board: IssueBoard
    package let sidecars: Sidecars
    package let queue: TranscriptionQueue
    package let departures: DepartureRecorder
    package let deletions: DeletionExecutor
    package let recovery: Recovery
    package let pipeline: IngestPipeline
    package let actions: RecordingActions
    package let uploads: UploadService
    package let audio: RecordingAudio
    private let registrar: RecordingRegistrar
    private let retries: IngestRetryLoop
    private let options: Options
    private let logger: Logger

    /// The daemon's settings, as far as these parts depend on them.
    package struct Options: Sendable {
        var policy: IntakePolicy
        /// Of notes.
        var language: Language
        /// Whether a new first-level folder becomes a user's inbox by itself.
        package var enrolls = true
        package var quotas = Quotas()
        /// Nil where none is set.
        package var archive: ArchiveFolder?
        package var incompleteTimeout = IncompleteFileTimeout()
        package var queue = TranscriptionQueue.Options()
        /// The settings of a user; nil for those in the catalog.
        package var userSettings: Sidecars.SettingsOf?
        /// The mounts in the inbox; nil for those that the kernel tells of.
        package var mounts: MountHistory.Reader?
        /// The pause between the first two tries of a step that failed.
        package var firstRetryPause = Duration.milliseconds(200)

        package init(policy: IntakePolicy, language: Language) {
            self.policy = policy
            self.language = language
        }
    }

    /// - Parameters:
    ///   - files: the inbox.
    ///   - engines: at least one; the first is the default.
    package init(
        files: any FileSystem, catalog: Catalog, engines: [EngineLane], inspector: any Inspecting,
        options: Options, logger: Logger
    ) {
        let (board, archive, quotas) = (IssueBoard(logger: logger), options.archive, options.quotas)
        let userSettings = Self.userSettings(options, catalog)
        let reader = FolderSettingsReader(files: files, logger: logger)
        sidecars = Self.sidecarWriter(files, catalog, board, userSettings, options, logger)
        let opener = AudioOpener(files: files, inspector: inspector)
        queue = Self.queue(opener, catalog, engines, sidecars, board, reader, userSettings, options, logger)
        departures = DepartureRecorder(
            files: files, catalog: catalog, sidecars: sidecars, queue: queue, board: board, logger: logger)
        let mounts =
            options.mounts.map { MountHistory(files: files, catalog: catalog, read: $0) }
            ?? MountHistory(files: files, catalog: catalog)
        deletions = DeletionExecutor(
            files: files, catalog: catalog, queue: queue, sidecars: sidecars, mounts: mounts,
            archive: archive,
            board: board, logger: logger)
        let sweep = PresenceSweep(
            files: files, catalog: catalog, departures: departures, board: board, logger: logger)
        recovery = Recovery(
            catalog: catalog, sidecars: sidecars, queue: queue, deletions: deletions, departures: departures,
            sweep: sweep, mounts: mounts, board: board, enrolls: options.enrolls)
        let moves = MoveTracker(
            files: files, catalog: catalog, sidecars: sidecars, queue: queue, quotas: quotas, logger: logger)
        registrar = RecordingRegistrar(
            catalog: catalog, sidecars: sidecars, queue: queue, moves: moves, quotas: quotas,
            language: options.language, board: board, logger: logger)
        let inspection = FileInspection(
            files: files, inspector: inspector, catalog: catalog, moves: moves, registrar: registrar,
            timeout: options.incompleteTimeout, logger: logger)
        let folderSettings = FolderSettingsChecker(
            reader: reader, catalog: catalog, sidecars: sidecars, registrar: registrar, logger: logger)
        retries = IngestRetryLoop(board: board, firstPause: options.firstRetryPause, logger: logger)
        pipeline = IngestPipeline(
            policy: options.policy, catalog: catalog, sidecars: sidecars, inspection: inspection,
            registrar: registrar, folderSettings: folderSettings, deletions: deletions,
            departures: departures, recovery: recovery, retries: retries, enrolls: options.enrolls,
            logger: logger)
        actions = RecordingActions(
            files: files, catalog: catalog, sidecars: sidecars, queue: queue, pipeline: pipeline,
            departures: departures, deletions: deletions, board: board, limits: quotas.limits,
            logger: logger)
        let completion = UploadCompletion(
            files: files, policy: options.policy, inspector: inspector, catalog: catalog, quotas: quotas,
            registrar: registrar)
        uploads = UploadService(
            files: files, policy: options.policy, catalog: catalog,
            reservations: UploadReservations(catalog: catalog, quotas: quotas), completion: completion,
            logger: logger)
        audio = RecordingAudio(files: files, catalog: catalog, archive: archive)
        self.files = files
        self.catalog = catalog
        self.board = board
        self.options = options
        self.logger = logger
    }
}

extension Components {
    private static func userSettings(_ options: Options, _ catalog: Catalog) -> Sidecars.SettingsOf {
        if let settings = options.userSettings { return settings }
        return { user throws(CatalogError) in try await catalog.users.settings(of: user) }
    }

    private static func sidecarWriter(
        _ files: any FileSystem, _ catalog: Catalog, _ board: IssueBoard,
        _ userSettings: @escaping Sidecars.SettingsOf, _ options: Options, _ logger: Logger
    ) -> Sidecars {
        let language = options.language
        return Sidecars(
            files: files, catalog: catalog, logger: logger, settings: userSettings,
            cannotWrite: { path, error in
                guard let problem = HealthIssue(writing: error) else { return false }
                let folder = path.parent?.text ?? ""
                board.report(problem, ["folder": "\(folder)", "file": "\(path)", "cause": "\(error)"])
                return true
            },
            limits: options.quotas.limits,
            warningSentence: { $0.sentence(in: language) },
            textSentence: { $1.sentence(about: $0, in: language) },
            growthSentence: { GrowthSentence.text(about: $0, in: language) },
            failureSentence: { FailureSentence.text(about: $0, cause: $1, in: language) })
    }

    private static func queue(
        _ opener: AudioOpener, _ catalog: Catalog, _ engines: [EngineLane], _ sidecars: Sidecars,
        _ board: IssueBoard, _ reader: FolderSettingsReader,
        _ userSettings: @escaping Sidecars.SettingsOf, _ options: Options, _ logger: Logger
    ) -> TranscriptionQueue {
        var queueOptions = options.queue
        queueOptions.endings = options.policy.endings
        return TranscriptionQueue(
            catalog: catalog, engine: engines[0].engine, others: Array(engines.dropFirst()),
            options: queueOptions, log: logger,
            open: { try await opener.open($0) }, check: { await opener.check($0, of: $1) },
            onJobFinished: { await sidecars.writer.jobFinished($0) },
            jobSettings: { recording throws(CatalogError) in
                // The folder's `kotib.ini` goes before its user's settings.
                var settings = UserSettings()
                if let user = recording.user { settings = try await userSettings(user) }
                let folder = await reader.settings(for: recording)
                return JobSettings(
                    language: folder.language ?? settings.language.map(SpokenLanguage.code),
                    engine: settings.engine)
            },
            onCatalogWait: { error in
                guard let error else { return board.endCatalogWait() }
                board.beginCatalogWait(HealthIssue(error) ?? .catalogUnwritable, "\(error)")
            })
    }
}

extension Components {
    package func quotaReadmission(clock: any Clock<Duration> = ContinuousClock()) -> QuotaReadmission {
        QuotaReadmission(
            files: files, policy: options.policy, catalog: catalog, quotas: options.quotas,
            pipeline: pipeline,
            registrar: registrar, retries: retries, clock: clock, logger: logger)
    }

    package func incompleteFileMonitor(
        clock: any Clock<Duration> = ContinuousClock()
    ) -> IncompleteFileMonitor {
        IncompleteFileMonitor(
            files: files, catalog: catalog, pipeline: pipeline, timeout: options.incompleteTimeout,
            retries: retries, clock: clock, logger: logger)
    }

    /// Nil where no archive is set.
    /// - Parameters:
    ///   - age: how long a recording rests before it is archived; nil for never.
    ///   - now: the time that is compared with the catalog's.
    package func archiveScheduler(
        age: Duration?, now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) -> ArchiveScheduler? {
        guard let folder = options.archive else { return nil }
        let archiver = Archiver(
            files: files, folder: folder, catalog: catalog, locks: sidecars.locks, pipeline: pipeline,
            departures: departures, logger: logger, now: now)
        return ArchiveScheduler(
            folder: folder, archiver: archiver, catalog: catalog, deletions: deletions, board: board,
            age: age, logger: logger, now: now, sleep: sleep)
    }
}
