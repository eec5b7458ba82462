import Foundation
import Glibc

/// A kotib-worker of one daemon.
public struct WorkerProcess: Sendable, Hashable {
    public var pid: Int32
    public var arguments: [String]
    /// Clock ticks since boot at its start (proc(5)): with the pid it names one process for good.
    private var started: String

    /// Nil where there is no such process, or only what is left of it until it is reaped.
    init?(pid: Int32) {
        guard let fields = Self.statistics(pid), fields[0] != "Z",
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
        else { return nil }
        self.pid = pid
        arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        started = fields[19]
    }

    public var isAlive: Bool { WorkerProcess(pid: pid)?.started == started }

    /// The environment that the process was started with.
    public var environment: String {
        FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Seconds of processor time that it has used, threads together: tells one at work from one that still
    /// loads.
    public var processorTime: Double {
        guard isAlive, let fields = Self.statistics(pid) else { return 0 }
        let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    public func kill(_ signal: Int32 = SIGKILL) {
        if isAlive { Glibc.kill(pid, signal) }
    }

    /// proc_pid_stat(5) from the third field on, which is the state.
    static func statistics(_ pid: Int32) -> [String]? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let name = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ").map(String.init)
        return fields.count > 19 ? fields : nil
    }
}

extension DaemonFixture {
    /// The kotib-workers that the running daemon has now.
    public func workerProcesses() throws -> [WorkerProcess] {
        let daemon = try pid
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init)
            .filter { WorkerProcess.statistics($0)?[1] == String(daemon) }
            .compactMap(WorkerProcess.init)
            .filter { $0.arguments.first?.hasSuffix("kotib-worker") ?? false }
    }

    /// The workers that transcribe.
    public func transcribingWorkers() throws -> [WorkerProcess] {
        try workerProcesses().filter { $0.arguments.contains("transcribe") }
    }

    /// The most memory that kotibd itself ever held, in bytes (`VmHWM`, proc_pid_status(5)).
    public func peakMemory() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw testFailure("The kernel does not tell kotibd's memory.")
        }
        return kilobytes * 1024
    }
}
