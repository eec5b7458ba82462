import FoundationEssentials
import HTTPTypes
import Hummingbird
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTranscription
import NIOCore

/// `metrics`, for Prometheus.
struct MetricsRoute {
    let parts: ControlDependencies

    func add(to routes: some RouterMethods<ControlContext>) {
        routes.get("metrics", use: metrics)
    }

    @Sendable private func metrics(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try context.requireAdmin()
        var page = MetricsPage()
        let health = try await parts.healthReport()
        try await addDaemon(health, to: &page)
        addHooks(health.hooks, to: &page)
        await BlockingWork.run { ProcessMetrics.read() }?.add(to: &page)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page.text + parts.metrics.text())))
    }

    private func addDaemon(_ health: HealthReport, to page: inout MetricsPage) async throws {
        let counts = try await parts.catalog.recordings.counts()
        let running = await parts.queue.running().count
        let overQuota = try await parts.catalog.quotas.countWaitingForQuota()
        page.family(
            "kotib_over_quota", .gauge, "Files that wait for room in their user's quota.",
            [.init(Double(overQuota))])
        page.family(
            "kotib_build_info", .gauge, "Always 1.",
            [.init(1, [("engine", parts.engineName), ("version", parts.version)])])
        page.family(
            "process_start_time_seconds", .gauge, "When the daemon started, since 1970.",
            [.init(parts.started.timeIntervalSince1970)])
        page.family(
            "kotib_recordings", .gauge, "Recordings by state.",
            RecordingState.allCases.map {
                .init(Double(counts[$0, default: 0]), [("state", $0.rawValue)])
            })
        page.family(
            "kotib_queue_waiting", .gauge, "Recordings that wait for the engine.",
            [.init(Double(counts[.pending, default: 0]))])
        page.family(
            "kotib_queue_running", .gauge, "Recordings that are being transcribed.",
            [.init(Double(running))])
        page.family(
            "kotib_engine_paused", .gauge, "1 while the engine is out of service.",
            [.init(health.enginePause == nil ? 0 : 1)])
        page.family(
            "kotib_watch_folders", .gauge, "Folders by how they are watched.",
            [
                .init(Double(health.watch.watchedFolders), [("mode", "events")]),
                .init(Double(health.watch.polledFolders), [("mode", "polled")]),
            ])
        page.family(
            "kotib_watch_problems", .gauge, "What is not as it should be with the inbox.",
            [.init(Double(health.issues.count))])
    }

    private func addHooks(_ hooks: [HookHealth], to page: inout MetricsPage) {
        func samples(_ value: (HookHealth) -> Int) -> [MetricsPage.Sample] {
            hooks.map { .init(Double(value($0)), [("receiver", $0.receiver.rawValue)]) }
        }
        page.family(
            "kotib_hooks_pending", .gauge, "Events that a hook is still to be told.", samples(\.pending))
        page.family("kotib_hooks_delivered_total", .counter, "Events told.", samples(\.delivered))
        page.family(
            "kotib_hooks_failed_total", .counter, "Events that a hook will never be told.", samples(\.failed))
    }
}
