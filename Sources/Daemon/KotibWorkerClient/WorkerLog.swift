import Dispatch
import Glibc
import KotibModel
import KotibPOSIX
import Logging
import Synchronization

/// Cuts a stream of bytes into lines, keeping at most so many bytes of each.
struct LineSplitter {
    let longest: Int
    private var line: [UInt8] = []
    private var isCut = false

    init(longest: Int) {
        self.longest = longest
    }

    /// The lines that end in `bytes`.
    mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let last = end() { lines.append(last) }
            } else if line.count < longest {
                line.append(byte)
            } else {
                isCut = true
            }
        }
        return lines
    }

    /// The bytes since the last newline. Nil if there are none.
    mutating func end() -> String? {
        defer { (line, isCut) = ([], false) }
        return line.isEmpty ? nil : ByteText.escaped(line) + (isCut ? "…" : "")
    }
}

/// Forwards a worker's standard error to the log, within bounds: the file that it reads may have taken over
/// the worker.
final class WorkerLog: Sendable {
    /// Bytes of one line.
    static let longestLine = 500
    /// The number of lines that one process may add to the log; further ones are discarded.
    static let maxLines = 1000

    private struct State {
        var cutter = LineSplitter(longest: longestLine)
        var lines = 0
        var last: String?
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// The last line; nil where there is none.
    var lastLine: String? { state.withLock { $0.last } }

    func add(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            let lines = state.cutter.add(bytes)
            record(lines, in: &state)
        }
    }

    /// The bytes since the last newline are a line too.
    func end() {
        state.withLock { state in
            let line = state.cutter.end()
            record(line.map { [$0] } ?? [], in: &state)
        }
    }

    private func record(_ lines: [String], in state: inout State) {
        for line in lines {
            state.last = line
            state.lines += 1
            if state.lines <= Self.maxLines { logger.info("worker output", metadata: ["line": "\(line)"]) }
            if state.lines == Self.maxLines {
                logger.warning("worker output limit reached, further lines dropped")
            }
        }
    }
}

/// The pipe of a worker's standard error, read on a queue of its own, so that neither the worker nor the
/// daemon waits for the other.
final class LogPipe: Sendable {
    private let reading: OpenFile
    private let log: WorkerLog

    private init(reading: OpenFile, log: WorkerLog) {
        self.reading = reading
        self.log = log
    }

    /// - Returns: a pipe into `log`, and the end that is to become the child's: a bare number, for whoever
    ///   starts the child to close.
    static func open(into log: WorkerLog) throws(SystemError) -> (pipe: LogPipe, childEnd: Int32) {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets serves as a pipe: Swift does not see pipe2(2), and pipe(2) cannot close on exec.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemError.check("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        let pipe = LogPipe(reading: OpenFile(owning: ends[0]), log: log)
        do throws(SystemError) {
            // Only this end: the other is the child's, which expects its writes to block.
            try SystemError.check("fcntl") { fcntl(ends[0], F_SETFL, O_NONBLOCK) }
        } catch {
            close(ends[1])
            throw error
        }
        return (pipe, ends[1])
    }

    /// Forwards output while `body` runs, which must last as long as the child, and then the rest of the
    /// pipe.
    func forward(while body: () async -> Void) async {
        let source = DispatchSource.makeReadSource(
            fileDescriptor: reading.descriptor, queue: DispatchQueue(label: "kotib.worker.log"))
        let (drained, isDrained) = AsyncStream<Never>.makeStream()
        // All that is there: once the child has hung up, the source does not call again for what is left.
        source.setEventHandler { while self.read() {} }
        // Does not wait for the end of the file: somebody else may hold the pipe open.
        source.setCancelHandler {
            while self.read() {}
            self.log.end()
            isDrained.finish()
        }
        source.activate()
        await body()
        source.cancel()
        // A cancelled task too waits for the last lines, which are already there.
        await Task { for await _ in drained {} }.value
    }

    /// Whether there may be more.
    private func read() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(reading.descriptor, &bytes, bytes.count)
        if count > 0 { log.add(bytes[..<count]) }
        return count > 0 || (count == -1 && errno == EINTR)
    }
}
