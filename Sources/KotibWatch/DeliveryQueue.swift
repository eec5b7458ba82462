import DequeModule
import KotibModel

/// Sightings on their way to the handler: never two of one path at once, and of those that wait for the same
/// path only the newest, which says how things are now.
struct DeliveryQueue {
    struct Delivery {
        var sighting: Sighting
        fileprivate var path: InboxPath?
        fileprivate var round: Int
    }

    private let concurrency: Int
    private var waiting: [InboxPath: Delivery] = [:]
    /// Paths in `waiting` that are not being handled, each once.
    private var order: Deque<InboxPath> = []
    private var running: Set<InboxPath> = []
    /// A round ends with each scan. How many sightings of each round are not handled yet, from `firstRound` on.
    private var unhandled: Deque<Int> = [0]
    private var firstRound = 0
    private var scanIsDue = false
    private var scanIsRunning = false

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// All that wait or are being handled.
    var count: Int { waiting.count + running.count }

    mutating func add(_ sighting: Sighting, at path: InboxPath) {
        if waiting[path] != nil {
            waiting[path]?.sighting = sighting
            return
        }
        let round = firstRound + unhandled.count - 1
        waiting[path] = Delivery(sighting: sighting, path: path, round: round)
        unhandled[unhandled.count - 1] += 1
        if !running.contains(path) { order.append(path) }
    }

    /// Tells of a finished scan once everything added before has been handled.
    mutating func addScanned() {
        unhandled.append(0)
        endRounds()
    }

    /// What may be handled now.
    mutating func next() -> Delivery? {
        guard running.count + (scanIsRunning ? 1 : 0) < concurrency else { return nil }
        if scanIsDue && !scanIsRunning {
            (scanIsDue, scanIsRunning) = (false, true)
            return Delivery(sighting: .scanned, path: nil, round: firstRound)
        }
        guard let path = order.popFirst(), let delivery = waiting.removeValue(forKey: path) else {
            return nil
        }
        running.insert(path)
        return delivery
    }

    mutating func finished(_ delivery: Delivery) {
        guard let path = delivery.path else {
            scanIsRunning = false
            return
        }
        running.remove(path)
        if waiting[path] != nil { order.append(path) }
        unhandled[delivery.round - firstRound] -= 1
        endRounds()
    }

    private mutating func endRounds() {
        while unhandled.count > 1 && unhandled[0] == 0 {
            unhandled.removeFirst()
            firstRound += 1
            scanIsDue = true
        }
    }
}
