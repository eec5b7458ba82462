import Glibc
import KotibPOSIX

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
