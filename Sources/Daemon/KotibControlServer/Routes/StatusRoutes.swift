import FoundationEssentials
import HTTPTypes
import Hummingbird
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibHooks
import KotibModel
import KotibText
import KotibTranscription
import KotibWatch

/// `status`: how the daemon is, and how far the caller's recordings are.
struct StatusRoutes {
    let parts: ControlParts

    func add(to group: RouterGroup<ControlContext>) {
        group.get("status", use: status)
    }

    @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let pause = await parts.queue.enginePause()
        let recordings = try await unlessDamaged { () async throws(CatalogError) in
            try await counts(in: scope)
        }
        let hooks = try await unlessDamaged { () async throws(CatalogError) in try await parts.hooks() }
        let doubtful = try await unlessDamaged { () async throws(CatalogError) in
            try await parts.catalog.doubtful(in: scope)
        }
        var health = await parts.health()
        let isDamaged = recordings == nil || hooks == nil || doubtful == nil
        if isDamaged, health.problems.insert(.catalogDamaged).inserted {
            health.since[.catalogDamaged] = Date()
        }
        let problems =
            problems(pause, health, context.language)
            + (hooks ?? []).compactMap { $0.sentence?.text(in: context.language) }
        let running = await parts.queue.running().filter { scope.includes($0) }
        var body = StatusBody(
            version: parts.version, state: problems.isEmpty ? "ok" : "degraded", problems: [],
            recordings: recordings ?? [:], running: running.map(RunningBody.init), engine: nil,
            watch: nil, uptime: nil)
        body.doubtful = doubtful
        if scope == .everyone {
            body.problems = problems
            body.engine = EngineBody(
                name: parts.engineName, pausedBecause: pause?.message,
                pausedFor: pause.map { $0.remaining / .seconds(1) })
            body.watch = WatchBody(
                watchedFolders: health.watchedFolders, polledFolders: health.polledFolders,
                mode: health.mode.rawValue, withoutEvents: health.remote.sorted())
            body.hooks = hooks.flatMap { $0.isEmpty ? nil : $0.map(HookBody.init) }
            body.uptime = max(0, Date().timeIntervalSince(parts.started))
        }
        return try ControlJSON.response(body)
    }

    /// Nil where the catalog is damaged just there: that is among the problems, and somebody wants to know of it.
    private func unlessDamaged<Value: Sendable>(
        _ body: () async throws(CatalogError) -> Value
    ) async throws(CatalogError) -> Value? {
        do throws(CatalogError) {
            return try await body()
        } catch  where error.code == .corrupt {
            return nil
        }
    }

    private func problems(
        _ pause: EnginePause?, _ health: WatchHealth, _ language: Language
    ) -> [String] {
        let engine = pause.map { Sentence.enginePaused($0.message) }
        let codes = parts.accounts.messageProblem.map { Sentence.codesNotSent($0) }
        return [engine, codes].compactMap { $0?.text(in: language) }
            + health.problems.map { Sentence.problem($0, health).text(in: language) }.sorted()
    }

    /// Every state, those that no recording is in too.
    private func counts(in scope: AccessScope) async throws(CatalogError) -> [String: Int] {
        var counts: [String: Int] = [:]
        let all = scope == .everyone ? try await parts.catalog.counts() : nil
        for state in RecordingState.allCases {
            if let all {
                counts[state.rawValue] = all[state, default: 0]
            } else {
                var filter = RecordingFilter(scope: scope)
                filter.states = [state]
                counts[state.rawValue] = try await parts.catalog.index(filter, limit: 0).total
            }
        }
        return counts
    }
}

extension AccessScope {
    func includes(_ job: RunningJob) -> Bool {
        switch self {
        case .everyone: true
        case .only(let user): job.userID == user
        }
    }
}

extension RunningBody {
    init(_ job: RunningJob) {
        self.init(
            id: job.recording.rawValue, userName: job.user, filePath: job.file, duration: job.duration,
            progress: job.fraction, remaining: job.remaining.map { $0 / .seconds(1) },
            startedAt: Timestamp.text(job.started))
    }
}

extension HookBody {
    init(_ health: HookHealth) {
        self.init(
            receiver: health.receiver.rawValue, pending: health.pending, lastError: health.problem)
    }
}

extension HookHealth {
    /// Nil where nothing is wrong with it.
    var sentence: Sentence? {
        guard let problem else { return nil }
        return switch receiver {
        case .program: .hookProgramFails(problem)
        case .webhook: .webhookFails(problem)
        }
    }
}
