import HeapModule
import KotibModel
import KotibPOSIX

/// The debouncer: decides from looks at a name, and the time, when it stands still. It has no effects.
///
/// Times are durations since any fixed moment.
struct Debouncer {
    /// The reason of a look at a name.
    enum Trigger: Hashable {
        /// An event: the wait starts again.
        case touched
        /// It was due.
        case timer
        /// A scan found it, and by its own times it has stood still for `quiet`.
        case scanned(quiet: Duration)
    }

    enum Step: Hashable {
        /// Look again when it is due.
        case wait
        /// It stands still; check whether a program has it open for writing and call ``writer(_:at:now:)``.
        case checkWriter
        case stable(FileStatus)
        case gone
        /// There was no room for another name: it was not added.
        case noCapacity
    }

    private struct Entry {
        var status: FileStatus?
        var quietSince: Duration
        var nextCheck: Duration = .zero
        /// Its time in `deadlines`; earlier than `nextCheck` where the wait has started again.
        var deadline: Duration?
    }

    private struct Deadline: Comparable {
        var time: Duration
        var path: InboxPath

        static func < (a: Deadline, b: Deadline) -> Bool { a.time < b.time }
    }

    private let configuration: WatchConfiguration
    private var entries: [InboxPath: Entry] = [:]
    private var userCounts = UserCounts()
    private var growths = GrowthHistory()
    private var deadlines = Heap<Deadline>()

    init(_ configuration: WatchConfiguration) {
        self.configuration = configuration
    }

    /// The number of names that do not stand still yet.
    var count: Int { entries.count }

    func count(of owner: NameOwner) -> Int { userCounts.count(of: owner) }

    /// The time at which ``due(now:)`` will have a name.
    var nextCheck: Duration? { deadlines.min?.time }

    /// Records a look at a name.
    /// - Parameters:
    ///   - status: nil where nothing has the name.
    ///   - hasCapacity: whether a new name may be added.
    mutating func observed(
        _ status: FileStatus?, at path: InboxPath, trigger: Trigger, hasCapacity: Bool = true, now: Duration
    ) -> Step {
        var entry: Entry
        if let known = entries[path] {
            entry = known
            if trigger == .touched || !Self.isStill(known.status, status) { entry.quietSince = now }
            entry.status = status
        } else {
            guard hasCapacity else { return .noCapacity }
            entry = Entry(status: status, quietSince: now)
            if case .scanned(let quiet) = trigger { entry.quietSince -= quiet }
        }
        return judge(entry, path, now)
    }

    /// Answers ``Step/checkWriter``. An unknown writer counts as none.
    mutating func writer(_ writer: WriterCheck, at path: InboxPath, now: Duration) -> Step {
        guard let entry = entries[path], let status = entry.status else { return .wait }
        if writer == .writing, now - entry.quietSince < configuration.openFileDelay {
            return wait(entry, path, atLeast: configuration.openFileDelay, now)
        }
        return becameStable(status, path, now)
    }

    private mutating func becameStable(_ status: FileStatus, _ path: InboxPath, _ now: Duration) -> Step {
        forget(path)
        if status.kind == .regular { growths.delivered(path, size: status.identity.size, now: now) }
        return .stable(status)
    }

    /// Removes a name. A scan will find it again.
    mutating func forget(_ path: InboxPath) {
        if entries.removeValue(forKey: path) != nil { userCounts.remove(NameOwner(of: path)) }
    }

    private mutating func keep(_ entry: Entry, _ path: InboxPath) {
        if entries.updateValue(entry, forKey: path) == nil { userCounts.add(NameOwner(of: path)) }
    }

    /// Removes the names from the schedule that are to be looked at now, and returns them.
    mutating func due(now: Duration) -> [InboxPath] {
        var due: [InboxPath] = []
        while let first = deadlines.min, first.time <= now {
            deadlines.removeMin()
            guard var entry = entries[first.path], entry.deadline == first.time else { continue }
            entry.deadline = nil
            entries[first.path] = entry
            if entry.nextCheck <= now {
                due.append(first.path)
            } else {
                schedule(entry, first.path)
            }
        }
        return due
    }

    /// Whether nothing changed between two looks. Of a folder only the identity counts, since its times
    /// change with its content.
    static func isStill(_ before: FileStatus?, _ after: FileStatus?) -> Bool {
        guard let before, let after else { return before == nil && after == nil }
        if before.kind == .folder && after.kind == .folder {
            return before.identity.device == after.identity.device
                && before.identity.inode == after.identity.inode
        }
        return before.kind == after.kind && before.identity == after.identity
    }

    private mutating func judge(_ entry: Entry, _ path: InboxPath, _ now: Duration) -> Step {
        let quiet = now - entry.quietSince
        let needed = needed(entry.status, path, now)
        guard quiet >= needed else { return wait(entry, path, atLeast: needed, now) }
        guard let status = entry.status else {
            forget(path)
            return .gone
        }
        if status.kind == .regular && quiet < configuration.openFileDelay {
            keep(entry, path)
            return .checkWriter
        }
        return becameStable(status, path, now)
    }

    private func needed(_ status: FileStatus?, _ path: InboxPath, _ now: Duration) -> Duration {
        guard let status, status.kind == .regular else { return configuration.settle }
        let growth = growths.count(at: path, size: status.identity.size, now: now) - GrowthHistory.free
        // Doubled with each growth, up to the wait for an open file.
        if growth > 0 {
            let longest = max(configuration.settle, configuration.openFileDelay)
            return min(longest, configuration.settle * (1 << min(growth, 16)))
        }
        if status.links > 1 { return max(configuration.settle, configuration.hardLinkDelay) }
        return status.identity.size == 0
            ? max(configuration.settle, configuration.emptyFileDelay) : configuration.settle
    }

    /// Waits until it has been quiet for `long`, with looks in between at growing intervals: an event may be
    /// lost.
    private mutating func wait(
        _ entry: Entry, _ path: InboxPath, atLeast long: Duration, _ now: Duration
    ) -> Step {
        var entry = entry
        let between = now + max(configuration.settle, (now - entry.quietSince) / 4)
        entry.nextCheck = min(entry.quietSince + long, between)
        schedule(entry, path)
        return .wait
    }

    /// Keeps the deadline of a name where the new one is later, so that a busy writer does not add one for
    /// each write.
    private mutating func schedule(_ entry: Entry, _ path: InboxPath) {
        var entry = entry
        if entry.deadline == nil || entry.nextCheck < entry.deadline ?? .zero {
            entry.deadline = entry.nextCheck
            deadlines.insert(Deadline(time: entry.nextCheck, path: path))
        }
        keep(entry, path)
    }
}

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
