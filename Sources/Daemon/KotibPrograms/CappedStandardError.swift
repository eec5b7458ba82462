import Dispatch
import Glibc
import KotibPOSIX
import Synchronization

/// A program's standard error: the beginning is kept, the rest is read and discarded, so that the program
/// never blocks.
final class CappedStandardError: Sendable {
    /// Bytes that are kept.
    static let most = 2048

    private struct Written {
        var beginning: [UInt8] = []
        var count = 0
    }

    private let reading: OpenFile
    private let written = Mutex(Written())

    private init(reading: OpenFile) {
        self.reading = reading
    }

    /// - Returns: also the end that is to become the program's, for whoever starts it to close.
    static func open() throws(SystemError) -> (errors: CappedStandardError, childEnd: Int32) {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets serves as a pipe: Swift does not see pipe2(2), and pipe(2) cannot close on exec.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemError.check("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        let errors = CappedStandardError(reading: OpenFile(owning: ends[0]))
        do throws(SystemError) {
            // Only this end: the program's writes are to block.
            try SystemError.check("fcntl") { fcntl(ends[0], F_SETFL, O_NONBLOCK) }
        } catch {
            close(ends[1])
            throw error
        }
        return (errors, ends[1])
    }

    /// The beginning of what was written until the end of `body`, which is to last as long as the program,
    /// and how many bytes there were in all. Whoever else holds the pipe is not waited for.
    func collect<Value: Sendable>(
        while body: () async -> Value
    ) async -> (value: Value, beginning: [UInt8], count: Int) {
        let source = DispatchSource.makeReadSource(
            fileDescriptor: reading.descriptor, queue: DispatchQueue(label: "kotib.program.errors"))
        let (drained, isDrained) = AsyncStream<Never>.makeStream()
        source.setEventHandler { while self.read() {} }
        source.setCancelHandler {
            while self.read() {}
            isDrained.finish()
        }
        source.activate()
        let value = await body()
        source.cancel()
        // Of a cancelled task too.
        await Task { for await _ in drained {} }.value
        let written = written.withLock { $0 }
        return (value, written.beginning, written.count)
    }

    /// Whether there may be more.
    private func read() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(reading.descriptor, &bytes, bytes.count)
        if count > 0 {
            written.withLock { written in
                written.count += count
                written.beginning += bytes[..<count].prefix(Self.most - written.beginning.count)
            }
        }
        return count > 0 || (count == -1 && errno == EINTR)
    }
}
