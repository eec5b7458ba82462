import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibHealth
import KotibModel
import KotibText
import KotibTranscription

/// `status`: the daemon's health, and the counts and progress of the caller's recordings.
struct StatusRoutes {
    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("status", use: status)
    }

    @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let recordings = try await parts.unlessDamaged { () async throws(CatalogError) in
            try await counts(in: scope)
        }
        let doubtful = try await parts.unlessDamaged { () async throws(CatalogError) in
            try await parts.catalog.recordings.doubtful(in: scope)
        }
        var health = try await parts.healthReport()
        if recordings == nil || doubtful == nil { health.add(.catalogDamaged) }
        let problems = health.problems(in: context.language)
        let running = await parts.queue.running().filter { scope.includes($0) }
        var body = StatusBody(
            version: parts.version, state: problems.isEmpty ? "ok" : "degraded", problems: [],
            recordings: recordings ?? [:], running: running.map(RunningBody.init), engine: nil,
            watch: nil, uptime: nil)
        body.doubtful = doubtful
        if scope == .everyone {
            body.problems = problems
            body.engine = EngineBody(
                name: parts.engineName, pausedBecause: health.enginePause?.message.text(in: context.language),
                pausedFor: health.enginePause.map { $0.remaining / .seconds(1) })
            body.watch = WatchBody(
                watchedFolders: health.watch.watchedFolders, polledFolders: health.watch.polledFolders,
                mode: health.watch.mode, withoutEvents: health.watch.remote.sorted())
            body.hooks = health.hooks.isEmpty ? nil : health.hooks.map(HookBody.init)
            body.uptime = max(0, Date().timeIntervalSince(parts.started))
        }
        return try ControlJSON.response(body)
    }

    /// The count of every state, zeros included.
    private func counts(in scope: AccessScope) async throws(CatalogError) -> [String: Int] {
        var counts: [String: Int] = [:]
        let all = scope == .everyone ? try await parts.catalog.recordings.counts() : nil
        for state in RecordingState.allCases {
            if let all {
                counts[state.rawValue] = all[state, default: 0]
            } else {
                var filter = RecordingFilter(scope: scope)
                filter.states = [state]
                counts[state.rawValue] = try await parts.catalog.listing.index(filter, limit: 0).total
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

extension ControlDependencies {
    func healthReport() async throws(CatalogError) -> HealthReport {
        var report = await health.report()
        let hooks = try await unlessDamaged { () async throws(CatalogError) in try await self.hooks() }
        report.hooks = hooks ?? []
        if hooks == nil { report.add(.catalogDamaged) }
        return report
    }

    /// Nil if the catalog is damaged at that place, so that the status, which reports the damage, is still
    /// answered.
    fileprivate func unlessDamaged<Value: Sendable>(
        _ body: () async throws(CatalogError) -> Value
    ) async throws(CatalogError) -> Value? {
        do throws(CatalogError) {
            return try await body()
        } catch  where error.code == .corrupt {
            return nil
        }
    }
}
