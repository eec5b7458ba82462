import FoundationEssentials
import Glibc
import KotibEngines
import KotibHTTP
import KotibIntake
import KotibModel
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import KotibWorkerProtocol
import Logging
import ServiceLifecycle

/// The settings as each part takes them.
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
        watching.emptyPatience = .seconds(watch.emptyAfter)
        watching.openPatience = .seconds(watch.openAfter)
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
            retries: RetryPolicy(mostTransientAttempts: queue.attempts, mostPoisonAttempts: queue.crashes))
        options.messages = intake.language
        return options
    }

    /// An engine, and what must run for it.
    func makeEngine(
        _ name: EngineName, _ logger: Logger
    ) throws -> (engine: any TranscriptionEngine, service: (any Service)?) {
        switch name {
        case .local:
            let pool = WorkerPool(program: transcriberProgram, size: layout.workers, logger: logger)
            let engine = LocalEngine(
                pool: pool, model: WorkerReady.modelName(of: local.model),
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
