import DequeModule
import KotibModel

/// A fair queue of events for the handler: never two of one path at once, and only the newest of those
/// that wait for the same path.
///
/// Users take turns (round robin), so that one who adds ten thousand files does not delay others; the
/// events of one user keep their order. Every operation takes constant time.
final class DeliveryQueue {
    struct Delivery {
        var inboxEvent: InboxEvent
        fileprivate var path: InboxPath?
        fileprivate var round: Int
    }

    /// The events of one user (``NameOwner``).
    private struct Lane {
        /// The paths in `waiting` that are not being handled, each once.
        var order: Deque<InboxPath> = []
        var running = 0
        /// Whether it is in `turns`.
        var isQueued = false
    }

    private let concurrency: Int
    private var waiting: [InboxPath: Delivery] = [:]
    private var running: Set<InboxPath> = []
    private var userCounts = UserCounts()
    private var lanes: [NameOwner: Lane] = [:]
    /// The users with an event that may start, each once.
    private var turns: Deque<NameOwner> = []
    /// The number of events of each round that are not handled yet, from `firstRound` on. A round ends
    /// with each scan.
    private var unhandled: Deque<Int> = [0]
    private var firstRound = 0
    private var scanIsDue = false
    private var scanIsRunning = false

    /// - Parameter concurrency: the number of one user's events that are handled at once. One more may be
    ///   in all, so that another user's starts although the first one's take long, and
    ///   ``InboxEvent/scanFinished`` beside them.
    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// The number of events that wait or are being handled.
    var count: Int { userCounts.count }

    func count(of owner: NameOwner) -> Int { userCounts.count(of: owner) }

    func add(_ inboxEvent: InboxEvent, at path: InboxPath) {
        if waiting[path] != nil {
            waiting[path]?.inboxEvent = inboxEvent
            return
        }
        let round = firstRound + unhandled.count - 1
        waiting[path] = Delivery(inboxEvent: inboxEvent, path: path, round: round)
        unhandled[unhandled.count - 1] += 1
        let owner = NameOwner(of: path)
        userCounts.add(owner)
        if !running.contains(path) { enqueue(path, of: owner) }
    }

    /// Delivers ``InboxEvent/scanFinished`` once everything added before has been handled.
    func addScanFinished() {
        unhandled.append(0)
        endRounds()
    }

    /// The next event that may be handled now.
    func next() -> Delivery? {
        if scanIsDue && !scanIsRunning && running.count < concurrency {
            (scanIsDue, scanIsRunning) = (false, true)
            return Delivery(inboxEvent: .scanFinished, path: nil, round: firstRound)
        }
        guard running.count <= concurrency, let owner = turns.popFirst(), var lane = lanes[owner],
            let path = lane.order.popFirst(), let delivery = waiting.removeValue(forKey: path)
        else { return nil }
        running.insert(path)
        lane.running += 1
        lane.isQueued = false
        lanes[owner] = lane
        enqueueUser(owner)
        return delivery
    }

    func finished(_ delivery: Delivery) {
        guard let path = delivery.path else {
            scanIsRunning = false
            return
        }
        let owner = NameOwner(of: path)
        running.remove(path)
        userCounts.remove(owner)
        lanes[owner]?.running -= 1
        if waiting[path] != nil {
            enqueue(path, of: owner)
        } else {
            enqueueUser(owner)
        }
        unhandled[delivery.round - firstRound] -= 1
        endRounds()
    }

    private func enqueue(_ path: InboxPath, of owner: NameOwner) {
        lanes[owner, default: Lane()].order.append(path)
        enqueueUser(owner)
    }

    /// Adds a user to `turns` who has an event that may start.
    private func enqueueUser(_ owner: NameOwner) {
        guard let lane = lanes[owner], !lane.isQueued else { return }
        if lane.order.isEmpty {
            if lane.running == 0 { lanes[owner] = nil }
        } else if lane.running < concurrency {
            lanes[owner]?.isQueued = true
            turns.append(owner)
        }
    }

    private func endRounds() {
        while unhandled.count > 1 && unhandled[0] == 0 {
            unhandled.removeFirst()
            firstRound += 1
            scanIsDue = true
        }
    }
}

/// The user for whom a name in the inbox is counted.
enum NameOwner: Hashable {
    /// All names in the inbox itself, including users' folders, count as one user's.
    case inbox
    case user(UserFolder)

    init(of path: InboxPath) {
        self = path.depth == 1 ? .inbox : .user(path.user)
    }

    /// - Parameter folder: the folder that the names lie in; nil for the inbox itself.
    init(ofNamesIn folder: InboxPath?) {
        self = folder.map { .user($0.user) } ?? .inbox
    }
}

/// Counts names for each user.
struct UserCounts {
    private var counts: [NameOwner: Int] = [:]
    private(set) var count = 0

    func count(of owner: NameOwner) -> Int { counts[owner, default: 0] }

    mutating func add(_ owner: NameOwner) {
        counts[owner, default: 0] += 1
        count += 1
    }

    mutating func remove(_ owner: NameOwner) {
        guard let left = counts[owner] else { return }
        counts[owner] = left > 1 ? left - 1 : nil
        count -= 1
    }
}
