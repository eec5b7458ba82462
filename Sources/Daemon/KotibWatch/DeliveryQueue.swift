import DequeModule
import KotibModel

/// Sightings on their way to the handler: never two of one path at once, and of those that wait for the same
/// path only the newest, which says how things are now.
///
/// Users take turns, so that one who puts ten thousand files there holds nobody up; what is one user's comes in its
/// order. Every step costs the same however much waits.
struct DeliveryQueue {
    struct Delivery {
        var sighting: Sighting
        fileprivate var path: InboxPath?
        fileprivate var round: Int
    }

    /// What one user has here (``Crowd/owner(of:)``).
    private struct Lane {
        /// Paths in `waiting` that are not being handled, each once.
        var order: Deque<InboxPath> = []
        var running = 0
        /// Whether it stands in `turns`.
        var isInLine = false
    }

    private let concurrency: Int
    private var waiting: [InboxPath: Delivery] = [:]
    private var running: Set<InboxPath> = []
    private var crowd = Crowd()
    private var lanes: [[UInt8]: Lane] = [:]
    /// Users with something to start, each once.
    private var turns: Deque<[UInt8]> = []
    /// A round ends with each scan. How many sightings of each round are not handled yet, from `firstRound` on.
    private var unhandled: Deque<Int> = [0]
    private var firstRound = 0
    private var scanIsDue = false
    private var scanIsRunning = false

    /// - Parameter concurrency: how many of one user's are handled at once. One more may be in all, so that the next
    ///   user's begins although the first one's take long; and the news of a scan beside them.
    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// All that wait or are being handled.
    var count: Int { crowd.count }

    func count(of owner: [UInt8]) -> Int { crowd.count(of: owner) }

    mutating func add(_ sighting: Sighting, at path: InboxPath) {
        if waiting[path] != nil {
            waiting[path]?.sighting = sighting
            return
        }
        let round = firstRound + unhandled.count - 1
        waiting[path] = Delivery(sighting: sighting, path: path, round: round)
        unhandled[unhandled.count - 1] += 1
        let owner = Crowd.owner(of: path)
        crowd.add(owner)
        if !running.contains(path) { line(up: path, of: owner) }
    }

    /// Tells of a finished scan once everything added before has been handled.
    mutating func addScanned() {
        unhandled.append(0)
        endRounds()
    }

    /// What may be handled now.
    mutating func next() -> Delivery? {
        if scanIsDue && !scanIsRunning && running.count < concurrency {
            (scanIsDue, scanIsRunning) = (false, true)
            return Delivery(sighting: .scanned, path: nil, round: firstRound)
        }
        guard running.count <= concurrency, let owner = turns.popFirst(), var lane = lanes[owner],
            let path = lane.order.popFirst(), let delivery = waiting.removeValue(forKey: path)
        else { return nil }
        running.insert(path)
        lane.running += 1
        lane.isInLine = false
        lanes[owner] = lane
        stand(owner)
        return delivery
    }

    mutating func finished(_ delivery: Delivery) {
        guard let path = delivery.path else {
            scanIsRunning = false
            return
        }
        let owner = Crowd.owner(of: path)
        running.remove(path)
        crowd.remove(owner)
        lanes[owner]?.running -= 1
        if waiting[path] != nil {
            line(up: path, of: owner)
        } else {
            stand(owner)
        }
        unhandled[delivery.round - firstRound] -= 1
        endRounds()
    }

    private mutating func line(up path: InboxPath, of owner: [UInt8]) {
        lanes[owner, default: Lane()].order.append(path)
        stand(owner)
    }

    /// Puts a user at the end of the line who has something to start and may.
    private mutating func stand(_ owner: [UInt8]) {
        guard let lane = lanes[owner], !lane.isInLine else { return }
        if lane.order.isEmpty {
            if lane.running == 0 { lanes[owner] = nil }
        } else if lane.running < concurrency {
            lanes[owner]?.isInLine = true
            turns.append(owner)
        }
    }

    private mutating func endRounds() {
        while unhandled.count > 1 && unhandled[0] == 0 {
            unhandled.removeFirst()
            firstRound += 1
            scanIsDue = true
        }
    }
}
