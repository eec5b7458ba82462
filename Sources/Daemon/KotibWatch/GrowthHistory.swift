import KotibModel

/// Files that were appended to after they were delivered, as a recorder does that opens, appends and closes.
/// Each delivery costs another transcription, so that the wait grows with their number.
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
    /// The number of files that are kept. Those that do not grow are removed first, then those that grew
    /// least recently.
    static let capacity = 1024

    private var growths: [InboxPath: Growth] = [:]

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
        growths[path] = Growth(size: size, time: now, count: count)
        guard growths.count > Self.capacity else { return }
        // Looking at all takes some microseconds, beside which a delivery costs much more.
        let oldest = growths.lazy.filter { $0.key != path }.min { one, other in
            let (oneGrows, otherGrows) = (grows(one.value, now), grows(other.value, now))
            return oneGrows == otherGrows ? one.value.time < other.value.time : otherGrows
        }
        if let oldest { growths[oldest.key] = nil }
    }

    private func grows(_ growth: Growth, _ now: Duration) -> Bool {
        growth.count > 0 && now - growth.time < Self.memory
    }
}
