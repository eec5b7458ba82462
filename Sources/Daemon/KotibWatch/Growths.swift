import DequeModule
import KotibModel

/// Files that were told of and written on since, as a recorder does that opens, appends and closes: each time that one
/// is taken anew costs a whole transcription, so that the wait grows with their number.
struct Growths {
    private struct Growth {
        /// Bytes, when it was last told of.
        var size: Int64
        /// When that was.
        var time: Duration
        /// How often it had grown by then.
        var count = 0
    }

    /// How often a file may grow before it is waited for longer.
    static let free = 2
    /// What has stood still so long has ended, and begins anew.
    static let memory: Duration = .seconds(600)
    /// Names that are remembered; the oldest go first.
    static let capacity = 1024

    private var growths: [InboxPath: Growth] = [:]
    private var order: Deque<InboxPath> = []

    /// How often a file has grown that has so many bytes now.
    func count(at path: InboxPath, size: Int64, now: Duration) -> Int {
        guard let growth = growths[path], now - growth.time < Self.memory, size >= growth.size else {
            return 0
        }
        return size > growth.size ? growth.count + 1 : growth.count
    }

    /// It is told of.
    mutating func told(_ path: InboxPath, size: Int64, now: Duration) {
        let count = count(at: path, size: size, now: now)
        if growths.updateValue(Growth(size: size, time: now, count: count), forKey: path) == nil {
            order.append(path)
        }
        if order.count > Self.capacity { growths[order.removeFirst()] = nil }
    }
}
