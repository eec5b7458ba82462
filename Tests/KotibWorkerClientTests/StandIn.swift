import Foundation
import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Logging
import Testing

@testable import KotibWorkerClient

/// The misbehaving worker of Tests/Support/StandInWorker, built beside the test bundle.
enum StandIn {
    static func program(_ arguments: String..., limits: WorkerLimits = .patient) -> WorkerProgram {
        program(arguments, limits: limits)
    }

    static func program(_ arguments: [String], limits: WorkerLimits = .patient) -> WorkerProgram {
        WorkerProgram(executable: path, arguments: arguments, limits: limits)
    }

    private static var path: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "kotib-stand-in-worker").path
    }
}

extension WorkerLimits {
    /// Long limits for busy machines, so that no test hits one by chance.
    static let patient = WorkerLimits(
        start: .seconds(20), stall: .seconds(20), cancel: .seconds(20), exit: .seconds(2))
}

/// Runs a pool for as long as `body` takes, and waits until nothing is left of it.
func withPool(
    _ program: WorkerProgram = StandIn.program(), size: Int = 1, maxWaiting: Int = 1024,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: @Sendable (WorkerPool) async throws -> Void
) async throws {
    let pool = WorkerPool(program: program, size: size, maxWaiting: maxWaiting, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await pool.run() }
        defer { group.cancelAll() }
        try await body(pool)
    }
}

extension WorkerPool {
    var waiting: Int { status.waiting }
    var isBusy: Bool { status.busy > 0 }

    /// The codec that the stand-in gives to an inspection that does `deed`.
    /// - Parameter onTurn: called when the caller has a worker, before another caller can have the same one.
    func inspect(
        _ deed: String, _ file: OpenFile? = nil, of user: UserFolder? = nil, deadline: Duration? = nil,
        onTurn: () -> Void = {}
    ) async throws(WorkerError) -> String {
        let answer = try await perform(
            passing: file ?? temporaryFile(), for: user, deadline: deadline
        ) { id in
            onTurn()
            return .inspect(InspectRequest(request: id, fileExtension: deed, size: 0, longestDuration: 1))
        }
        guard case .inspected(_, let facts) = answer.reply else { return "\(answer.reply)" }
        return facts.detail
    }

    func transcribe(
        _ deed: String, report: @escaping @Sendable (WorkerReply) -> Void = { _ in }
    ) async throws(WorkerError) -> Answer {
        try await perform(passing: temporaryFile(), report: report) { id in
            .transcribe(
                TranscribeRequest(request: id, container: "wav", language: deed, longestDuration: 1))
        }
    }
}

extension AudioFacts {
    /// The text that the stand-in put in the place of the codec.
    var detail: String {
        let digits = Array(codec.utf8.dropFirst())
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A file of its own, without a name.
func temporaryFile(_ text: String = "") -> OpenFile {
    var path = Array("/tmp/kotib-test-XXXXXX".utf8CString)
    let file = OpenFile(owning: mkstemp(&path))
    unlink(path)
    pwrite(file.descriptor, text, text.utf8.count, 0)
    return file
}

/// The error that `body` throws; nil where it throws none, or another.
func failure<Result>(_ body: () async throws -> Result) async -> WorkerError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? WorkerError
    }
}

/// Waits until `condition` holds; fails the test where it does not within `limit`.
func eventually(
    within limit: Duration = .seconds(60), _ condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < end, "condition does not hold", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether there is a process of that number, a zombie included.
func exists(_ process: String) -> Bool {
    access("/proc/\(process)", F_OK) == 0
}
