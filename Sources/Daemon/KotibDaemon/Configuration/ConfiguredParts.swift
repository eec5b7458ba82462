import FoundationEssentials
import Glibc
import KotibAccounts
import KotibArchive
import KotibCatalog
import KotibComponents
import KotibControlServer
import KotibEngines
import KotibHTTP
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import KotibWorkerProtocol
import Logging
import ServiceLifecycle

/// The settings in the form that each component takes.
extension Configuration {
    var intakePolicy: IntakePolicy {
        IntakePolicy(
            extensions: intake.extensions, maximumSize: Int64(intake.maximumSize),
            maximumDuration: intake.maximumDuration)
    }

    var inspectionLimits: WorkerInspector.Limits {
        WorkerInspector.Limits(longestDuration: intake.maximumDuration)
    }

    var inspectorProgram: WorkerProgram {
        .inspector(executable: workerPath)
    }

    var watchConfiguration: WatchConfiguration {
        var watching = WatchConfiguration()
        watching.mode = watch.mode
        watching.settle = .seconds(watch.settle)
        watching.emptyFileDelay = .seconds(watch.emptyAfter)
        watching.openFileDelay = .seconds(watch.openAfter)
        watching.rescan = .seconds(watch.rescan)
        watching.pollInterval = .seconds(watch.poll)
        watching.ignored = IgnoredNames(adding: watch.ignore)
        return watching
    }

    var layout: WorkerLayout {
        WorkerLayout(
            cores: ProcessInfo.processInfo.activeProcessorCount,
            workers: local.workers == 0 ? nil : local.workers,
            threads: local.threads == 0 ? nil : local.threads)
    }

    func queueOptions(_ first: EngineLane) -> TranscriptionQueue.Options {
        var options = TranscriptionQueue.Options(
            slots: first.slots, grace: .seconds(queue.stopGrace), language: first.language,
            reuse: queue.reuse,
            retries: RetryPolicy(maxTransientAttempts: queue.attempts, maxPoisonAttempts: queue.crashes))
        options.messages = intake.language
        return options
    }

    /// - Parameter first: the default engine.
    func componentOptions(_ first: EngineLane) -> Components.Options {
        var options = Components.Options(policy: intakePolicy, language: intake.language)
        options.enrolls = enroll
        options.quotas = quotas
        options.archive = archiveFolder
        options.incompleteTimeout = IncompleteFileTimeout(.seconds(watch.incompleteAfter))
        options.queue = queueOptions(first)
        return options
    }

    /// An engine, and the services that it needs.
    func makeEngine(
        _ name: EngineName, _ logger: Logger
    ) throws -> (engine: any TranscriptionEngine, service: (any Service)?) {
        switch name {
        case .local:
            let pool = WorkerPool(program: transcriberProgram, size: layout.workers, logger: logger)
            let engine = LocalEngine(
                pool: pool, model: WorkerReady.modelName(of: local.model),
                file: ModelFile(path: local.model) { try ContentHash.sha256(of: $0) },
                longestDuration: intake.maximumDuration)
            return (engine, WorkerService(pool: pool))
        case .openai:
            return try makeOpenAIEngine(logger)
        }
    }

    private var transcriberProgram: WorkerProgram {
        var limits = WorkerLimits()
        limits.stall = .seconds(local.stall)
        return .transcriber(
            executable: workerPath, model: local.model, voiceModel: local.vadModel, threads: layout.threads,
            memoryLimit: memoryLimit, limits: limits)
    }

    /// MiB.
    private var memoryLimit: Int {
        if local.memoryLimit > 0 { return local.memoryLimit }
        var status = stat()
        let size = stat(local.model, &status) == 0 ? UInt64(max(0, status.st_size)) : 0
        return Int(WorkerMemory.ofTranscriber(model: size, threads: layout.threads) >> 20)
    }
}

/// The settings in the form that accounts and the control socket take.
extension Configuration {
    var accountSettings: AccountSettings {
        var settings = AccountSettings()
        settings.countries = accounts.countries
        settings.admins = accounts.admins.compactMap { PhoneNumber($0) }
        settings.limits.codesPerPhone = accounts.codesPerPhone
        settings.limits.codesPerPeer = accounts.codesPerPeer
        settings.limits.codesPerMinute = accounts.codesPerMinute
        settings.limits.messagesPerDay = accounts.messagesPerDay
        settings.tokenLife = .seconds(accounts.tokenLife * 60)
        settings.text = CodeMessage(language: sms.language, template: sms.text)
        settings.engines = engines
        return settings
    }

    /// The configured secret, or the one in the state folder. Blocks.
    func signingSecret() throws(SecretError) -> SigningSecret {
        accounts.secret.isEmpty
            ? try SigningSecret(file: state + "/secret") : try SigningSecret(configured: accounts.secret)
    }

    func makeSMSSender(_ logger: Logger) throws -> any SMSSender {
        switch smsSender {
        case .auto, .file: return FileSender(path: smsFile)
        case .command:
            return CommandSender(
                program: sms.command.first ?? "", arguments: Array(sms.command.dropFirst()), logger: logger)
        case .twilio:
            let transfers = try HTTPClient(
                HTTPClient.Settings(userAgent: "kotib/\(Version.text)", threadName: "kotib-sms"))
            let settings = TwilioSender.Settings(
                baseURL: twilio.baseURL, accountSID: twilio.accountSID, authToken: twilio.authToken,
                from: twilio.phoneNumber, messagingService: twilio.messagingService)
            return TwilioSender(settings, transfers: transfers)
        }
    }

    var controlSettings: ControlServer.Settings {
        var settings = ControlServer.Settings(path: socketPath, owner: geteuid())
        settings.mode = socketMode ?? 0o660
        settings.group = control.group.isEmpty ? nil : control.group
        settings.connections = control.connections
        settings.upload = intake.maximumSize + 65_536
        settings.trustedProxies = trustedProxies
        return settings
    }
}

extension Configuration {

    /// The sender that `auto` stands for.
    var smsSender: SMSSenderName {
        guard sms.sender == .auto else { return sms.sender }
        if !twilio.accountSID.isEmpty { return .twilio }
        return sms.command.isEmpty ? .file : .command
    }

    var smsFile: String {
        sms.file.isEmpty ? state + "/sms.jsonl" : sms.file
    }
}

extension Configuration {

    var quotaLimits: Quota {
        Quota(
            bytes: Int64(quota.bytes), files: Int64(quota.files), minutesPerDay: Int64(quota.minutesPerDay))
    }

    /// By this machine's clock and time zone.
    var quotas: Quotas { Quotas(limits: quotaLimits) }
}

extension Configuration {

    /// The path of the catalog's newest backup.
    var backupPath: String { databasePath + ".backup" }

    /// Nil where none are made.
    var backupInterval: Duration? { backup.hours > 0 ? .seconds(backup.hours * 3600) : nil }
}

extension Configuration {

    /// Nil if none is set. Archived audio stays available even if nothing more is archived.
    var archiveFolder: ArchiveFolder? {
        archive.folder.isEmpty ? nil : ArchiveFolder(path: archive.folder)
    }

    /// Nil where nothing is to be archived.
    var archiveAge: Duration? {
        archive.afterDays > 0 ? .seconds(archive.afterDays * 86_400) : nil
    }
}
