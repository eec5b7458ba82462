import FoundationEssentials
import Glibc
import HTTPTypes
import HummingbirdCore
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTranscription
import NIOCore

/// `metrics`, for Prometheus.
struct MetricsRoute {
    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
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

/// Prometheus's process metrics (proc_pid_stat(5), under the names of its client libraries).
struct ProcessMetrics {
    private var cpuSeconds: Double
    /// Bytes.
    private var virtual: Double
    /// Bytes.
    private var resident: Double
    private var openFiles: Int
    private var openFilesLimit: Double

    /// Nil where /proc is not there. Blocks.
    static func read() -> ProcessMetrics? {
        guard let stat = content("/proc/self/stat"), let end = stat.lastIndex(of: ")"),
            let open = entries("/proc/self/fd")
        else { return nil }
        // After the name, which may hold anything, fields count from 3.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        var limit = rlimit()
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let virtual = Double(fields[20]), let pages = Double(fields[21]),
            getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        else { return nil }
        return ProcessMetrics(
            cpuSeconds: (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))), virtual: virtual,
            resident: pages * Double(sysconf(Int32(_SC_PAGESIZE))), openFiles: open,
            openFilesLimit: Double(limit.rlim_cur))
    }

    func add(to page: inout MetricsPage) {
        page.family(
            "process_cpu_seconds_total", .counter, "Processor time, the worker's apart.",
            [.init(cpuSeconds)])
        page.family(
            "process_virtual_memory_bytes", .gauge, "Address space.", [.init(virtual)])
        page.family("process_resident_memory_bytes", .gauge, "Memory.", [.init(resident)])
        page.family("process_open_fds", .gauge, "Open file descriptors.", [.init(Double(openFiles))])
        page.family(
            "process_max_fds", .gauge, "How many file descriptors may be open.", [.init(openFilesLimit)])
    }

    private static func content(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard let bytes = try? OpenFile(owning: descriptor).read(upTo: 4096) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How many, without `.`, `..` and the descriptor that lists them.
    private static func entries(_ path: String) -> Int? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard let names = try? FolderListing(OpenFile(owning: descriptor)).next(.max) else { return nil }
        return names.count - 1
    }
}
