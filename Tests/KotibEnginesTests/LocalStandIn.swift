import Foundation
import Glibc
import KotibEngines
import KotibModel
import KotibPOSIX
import Logging
import Synchronization

@testable import KotibTranscription
@testable import KotibWorkerClient

/// The misbehaving worker of Tests/Support/StandInWorker, built beside the test bundle.
func standIn(_ arguments: String...) -> WorkerProgram {
    let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "kotib-stand-in-worker").path
    let limits = WorkerLimits(
        start: .seconds(20), stall: .seconds(2), cancel: .milliseconds(500), exit: .milliseconds(200))
    return WorkerProgram(executable: path, arguments: arguments, limits: limits)
}

/// Runs an engine of stand-ins for as long as `body` takes.
func withLocalEngine(
    _ program: WorkerProgram = standIn(), size: Int = 1,
    file: ModelFile = ModelFile(path: "/dev/null") { _ in [] },
    _ body: @Sendable (LocalEngine) async throws -> Void
) async throws {
    try await withPool(program, size: size) { pool in
        try await body(LocalEngine(pool: pool, model: "stand-in", file: file, longestDuration: 3600))
    }
}

/// Runs workers for as long as `body` takes.
func withPool(
    _ program: WorkerProgram = standIn(), size: Int = 1, _ body: @Sendable (WorkerPool) async throws -> Void
) async throws {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let pool = WorkerPool(program: program, size: size, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await pool.run() }
        defer { group.cancelAll() }
        try await body(pool)
    }
}

/// A job whose language tells the stand-in what to do.
func job(_ deed: String?) -> TranscriptionJob {
    let file = OpenFile(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    return TranscriptionJob(
        recording: RecordingID(rawValue: 1), file: file, size: 0, duration: 6, container: "wav",
        fileExtension: "wav", language: deed)
}

/// The reports, in order.
final class StandInReports: Sendable {
    private let list = Mutex<[TranscriptionProgress]>([])

    var all: [TranscriptionProgress] { list.withLock { $0 } }

    func add(_ progress: TranscriptionProgress) { list.withLock { $0.append(progress) } }
}
