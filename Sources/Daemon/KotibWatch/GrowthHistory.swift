import DequeModule
import KotibModel

/// Files that were appended to after they were delivered, as a recorder does that opens, appends and closes.
/// Each delivery costs a whole transcription, so that the wait grows with their number.
struct GrowthHistory {
    private struct Growth {
        /// Bytes, at the last delivery.
        var size: Int64
        /// The time of the last delivery.
        var time: Duration
        /// The number of times it had grown by then.
        var count = 0
    }

    /// The number of times a file may grow before the wait becomes longer.
    static let free = 2
    /// A file that did not grow for this long starts again at zero.
    static let memory: Duration = .seconds(600)
    /// The number of files that are kept; the oldest are removed first.
    static let capacity = 1024

    private var growths: [InboxPath: Growth] = [:]
    private var order: Deque<InboxPath> = []

    /// The number of times that a file has grown which has `size` bytes now.
    func count(at path: InboxPath, size: Int64, now: Duration) -> Int {
        guard let growth = growths[path], now - growth.time < Self.memory, size >= growth.size else {
            return 0
        }
        return size > growth.size ? growth.count + 1 : growth.count
    }

    /// The file is delivered.
    mutating func delivered(_ path: InboxPath, size: Int64, now: Duration) {
        let count = count(at: path, size: size, now: now)
        if growths.updateValue(Growth(size: size, time: now, count: count), forKey: path) == nil {
            order.append(path)
        }
        if order.count > Self.capacity { growths[order.removeFirst()] = nil }
    }
}
