import Foundation
import Glibc
import KotibEngines
import KotibHTTP
import KotibModel
import KotibPOSIX
import KotibTranscription
import Synchronization
import Testing

/// Answers, byte for byte.
enum Answer {
    /// With a length, and closed after it.
    static func whole(
        _ status: Int, _ body: String, type: String = "application/json", headers: [String] = []
    ) -> [UInt8] {
        let lines =
            ["HTTP/1.1 \(status) Something", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)"]
            + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// Without one: the body ends with the connection.
    static func unbounded(_ body: String, type: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n\(body)".utf8)
    }

    static func chunked(_ body: String, type: String) -> [UInt8] {
        let size = String(body.utf8.count, radix: 16)
        let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n"
        return Array("\(head)\(size)\r\n\(body)\r\n0\r\n\r\n".utf8)
    }
}

/// Waits until `condition` holds, looking every few milliseconds.
func waitUntil(
    within limit: Duration = .seconds(10), _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        try #require(ContinuousClock.now < deadline, what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A file without a name, gone when closed.
func temporaryFile(size: Int64 = 0, _ bytes: [UInt8] = []) throws -> OpenFile {
    let folder = FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/kotib-engines-XXXXXX".utf8CString)
    let descriptor = try SystemError.check("mkstemp") { mkstemp(&template) }
    unlink(template)
    let file = OpenFile(owning: descriptor)
    if !bytes.isEmpty { try SystemError.check("write") { pwrite(descriptor, bytes, bytes.count, 0) } }
    if size > 0 { try SystemError.check("ftruncate") { ftruncate(descriptor, off_t(size)) } }
    return file
}

func transfers(threadName: String = "kotib-http") throws -> HTTPTransfers {
    try HTTPTransfers(.init(userAgent: "kotib/test", threadName: threadName))
}

/// A recording of `bytes`, lasting a second.
func job(
    _ bytes: [UInt8] = Array("RIFF".utf8), size: Int64? = nil, duration: Double = 1, ending: String = "wav",
    language: String? = nil
) throws -> TranscriptionJob {
    TranscriptionJob(
        recording: RecordingID(rawValue: 1), file: try temporaryFile(size: size ?? 0, bytes),
        size: size ?? Int64(bytes.count), duration: duration, container: "wav", fileExtension: ending,
        language: language)
}

/// What was reported, in order.
final class Reports: Sendable {
    private let list = Mutex<[TranscriptionProgress]>([])
    var all: [TranscriptionProgress] { list.withLock { $0 } }
    func add(_ progress: TranscriptionProgress) { list.withLock { $0.append(progress) } }
}

/// A program under test that runs while `body` does, without input or output.
///
/// It is killed rather than asked: Foundation starts it with the signals blocked that are blocked on the thread
/// of Dispatch where this happens to run, SIGTERM among them.
func withProgram<Value>(
    _ path: String, _ arguments: [String], isolation: isolated (any Actor)? = #isolation,
    _ body: (Process) async throws -> Value
) async throws -> Value {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    return try await body(process)
}
