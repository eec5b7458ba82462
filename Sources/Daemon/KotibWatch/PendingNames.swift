import Glibc
import KotibModel
import KotibPOSIX
import Logging

/// The names that are on their way to the handler: those that do not stand still yet (``Debouncer``), and
/// those that are delivered (``DeliveryQueue``).
///
/// Used by the watcher's actor alone, as are the other classes of this module that are not Sendable.
final class PendingNames {
    /// The fair-share weight: each user may have this many times the room that is free (dynamic thresholds,
    /// Choudhury and Hahne, 1998), so that the next one always finds some. A single user gets eight ninths of
    /// the room, two get eight seventeenths each.
    private static let weight = 8

    let deliveries: DeliveryQueue
    private var debouncer: Debouncer
    private let capacity: Int
    private let fileSystem: any FileSystem
    private let watches: WatchTable
    private let schedule: ScanSchedule
    private let elapsed: @Sendable () -> Duration
    private let logger: Logger

    init(
        configuration: WatchConfiguration, fileSystem: any FileSystem, watches: WatchTable,
        schedule: ScanSchedule, deliveries: DeliveryQueue, elapsed: @escaping @Sendable () -> Duration,
        logger: Logger
    ) {
        debouncer = Debouncer(configuration)
        capacity = configuration.capacity
        self.fileSystem = fileSystem
        self.watches = watches
        self.schedule = schedule
        self.deliveries = deliveries
        self.elapsed = elapsed
        self.logger = logger
    }

    var count: Int { debouncer.count + deliveries.count }

    /// The time at which ``checkDue()`` will have something to do.
    var nextCheck: Duration? { debouncer.nextCheck }

    /// Whether the user of `path` may have another name here.
    func hasCapacity(for path: InboxPath) -> Bool {
        let free = capacity - count
        guard free > 0 else { return false }
        let owner = NameOwner(of: path)
        return debouncer.count(of: owner) + deliveries.count(of: owner) < free * Self.weight
    }

    func checkDue() {
        for path in debouncer.due(now: elapsed()) { check(at: path, trigger: .timer) }
    }

    /// Examines a name and takes the next step with it.
    func check(at path: InboxPath, trigger: Debouncer.Trigger) {
        do {
            let status = try fileSystem.examine(path)
            watches.updateLink(status, at: path)
            observed(status, at: path, trigger: trigger)
        } catch {
            // It may be there or gone: its folder is polled until that can be told.
            logger.debug("cannot examine file", metadata: ["path": "\(path)", "error": "\(error)"])
            debouncer.forget(path)
            let folder = path.parent.map { watches.folder(at: $0) } ?? watches.tree.root
            if let folder { watches.poll(folder) }
        }
    }

    /// Takes the next step with a name that was examined.
    func observed(_ status: FileStatus?, at path: InboxPath, trigger: Debouncer.Trigger) {
        follow(
            debouncer.observed(
                status, at: path, trigger: trigger, hasCapacity: hasCapacity(for: path), now: elapsed()),
            at: path,
            status)
    }

    private func follow(_ step: Debouncer.Step, at path: InboxPath, _ status: FileStatus?) {
        switch step {
        case .wait: break
        case .checkWriter: checkWriter(path, status)
        case .stable(let status): deliveries.add(.stable(path, status), at: path)
        case .gone: deliveries.add(.removed(path), at: path)
        case .noCapacity: postpone(path, isGone: status == nil)
        }
    }

    /// There is no room for this name: its folder is scanned when there is. A scan of its folder does not
    /// show that something is gone, so that the whole inbox is scanned for that.
    private func postpone(_ path: InboxPath, isGone: Bool) {
        if !isGone, let folder = path.parent.map({ watches.folder(at: $0) }) ?? watches.tree.root {
            schedule.request(folder)
        } else {
            schedule.requestFullScan()
        }
    }

    private func checkWriter(_ path: InboxPath, _ seen: FileStatus?) {
        var writer = WriterCheck.unknown
        do {
            let (file, status) = try fileSystem.openForReading(path)
            guard Debouncer.isStill(seen, status) else {
                return observed(status, at: path, trigger: .touched)
            }
            writer = WriterCheck(file)
        } catch {
            switch error {
            case .system(let error) where error.code == EAGAIN: writer = .writing
            case .system(let error) where error.code != ENOENT: break
            default: return check(at: path, trigger: .touched)
            }
        }
        follow(debouncer.writer(writer, at: path, now: elapsed()), at: path, seen)
    }
}
