import FoundationEssentials
import Glibc
import KotibPOSIX

/// Appends messages to a file that only the operator reads, one JSON object a line: for development.
public struct FileSender: SMSSender {
    private struct Line: Encodable {
        var to: String
        var text: String
        /// ISO 8601, UTC.
        var at: Date
    }

    private let path: String
    private let now: @Sendable () -> Date

    public init(path: String, now: @escaping @Sendable () -> Date = { Date() }) {
        self.path = path
        self.now = now
    }

    public func send(_ text: String, to phone: PhoneNumber) async throws(SMSError) {
        let line = Line(to: phone.text, text: text, at: now())
        do {
            try await BlockingWork.run { () throws(SystemError) in try append(line) }
        } catch {
            throw .transient("\(error)", retryAfter: nil)
        }
    }

    /// One write(2) a line, so that lines never mix.
    private func append(_ line: Line) throws(SystemError) {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(line) else {
            throw SystemError(code: EINVAL, operation: "encode", path: path)
        }
        let descriptor = try SystemError.check("open", path) {
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        let file = OpenFile(owning: descriptor)
        // It may have been there before, for others to read.
        try SystemError.check("fchmod", path) { fchmod(file.descriptor, 0o600) }
        let bytes = Array(json) + [UInt8(ascii: "\n")]
        let written = try SystemError.check("write", path) { write(file.descriptor, bytes, bytes.count) }
        guard written == bytes.count else { throw SystemError(code: ENOSPC, operation: "write", path: path) }
    }
}
