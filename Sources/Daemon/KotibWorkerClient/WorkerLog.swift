import KotibModel
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
