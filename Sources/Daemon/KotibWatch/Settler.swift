import HeapModule
import KotibModel
import KotibPOSIX

/// Decides when a name stands still, out of looks at it and the time; it does nothing itself.
///
/// Times are durations since any fixed moment.
struct Settler {
    /// Why a name is looked at.
    enum Look: Hashable {
        /// Something happened to it: the wait begins anew.
        case touched
        /// It was due.
        case timer
        /// It was come across, and its own times say that it has stood still so long.
        case scanned(quiet: Duration)
    }

    enum Step: Hashable {
        /// Nothing yet: look again when it is due.
        case wait
        /// It stands still; find out whether somebody writes to it and call ``writer(_:at:now:)``.
        case checkWriter
        case settled(FileStatus)
        case gone
        /// There was no room for another name: nothing was noted.
        case full
    }

    private struct Entry {
        var status: FileStatus?
        var quietSince: Duration
        var nextLook: Duration = .zero
        /// When the agenda has it; earlier than `nextLook` where the wait has begun anew.
        var agenda: Duration?
    }

    private struct Appointment: Comparable {
        var time: Duration
        var path: InboxPath

        static func < (a: Appointment, b: Appointment) -> Bool { a.time < b.time }
    }

    private let patience: WatchConfiguration
    private var entries: [InboxPath: Entry] = [:]
    private var crowd = Crowd()
    private var growths = Growths()
    private var agenda = Heap<Appointment>()

    init(_ patience: WatchConfiguration) {
        self.patience = patience
    }

    /// How many names are waited for.
    var count: Int { entries.count }

    func count(of owner: [UInt8]) -> Int { crowd.count(of: owner) }

    /// When ``due(now:)`` will have something.
    var nextLook: Duration? { agenda.min?.time }

    /// Takes note of how `path` looks now; nil where nothing has the name.
    /// - Parameter hasRoom: whether a name that is not waited for yet may be added.
    mutating func saw(
        _ status: FileStatus?, at path: InboxPath, as look: Look, hasRoom: Bool = true, now: Duration
    ) -> Step {
        var entry: Entry
        if let known = entries[path] {
            entry = known
            if look == .touched || !Self.isStill(known.status, status) { entry.quietSince = now }
            entry.status = status
        } else {
            guard hasRoom else { return .full }
            entry = Entry(status: status, quietSince: now)
            if case .scanned(let quiet) = look { entry.quietSince -= quiet }
        }
        return judge(entry, path, now)
    }

    /// Answers ``Step/checkWriter``. That nobody knows counts as nobody.
    mutating func writer(_ writer: WriterCheck, at path: InboxPath, now: Duration) -> Step {
        guard let entry = entries[path], let status = entry.status else { return .wait }
        if writer == .writing, now - entry.quietSince < patience.openPatience {
            return wait(entry, path, atLeast: patience.openPatience, now)
        }
        return settled(status, path, now)
    }

    private mutating func settled(_ status: FileStatus, _ path: InboxPath, _ now: Duration) -> Step {
        forget(path)
        if status.kind == .regular { growths.told(path, size: status.identity.size, now: now) }
        return .settled(status)
    }

    /// Waits for a name no longer: a scan will come across it.
    mutating func forget(_ path: InboxPath) {
        if entries.removeValue(forKey: path) != nil { crowd.remove(Crowd.owner(of: path)) }
    }

    private mutating func keep(_ entry: Entry, _ path: InboxPath) {
        if entries.updateValue(entry, forKey: path) == nil { crowd.add(Crowd.owner(of: path)) }
    }

    /// Names that are to be looked at now.
    mutating func due(now: Duration) -> [InboxPath] {
        var due: [InboxPath] = []
        while let first = agenda.min, first.time <= now {
            agenda.removeMin()
            guard var entry = entries[first.path], entry.agenda == first.time else { continue }
            entry.agenda = nil
            entries[first.path] = entry
            if entry.nextLook <= now {
                due.append(first.path)
            } else {
                schedule(entry, first.path)
            }
        }
        return due
    }

    /// Whether nothing happened between two looks. A folder's times change with what is in it, so only which
    /// folder it is counts.
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
        if status.kind == .regular && quiet < patience.openPatience {
            keep(entry, path)
            return .checkWriter
        }
        return settled(status, path, now)
    }

    private func needed(_ status: FileStatus?, _ path: InboxPath, _ now: Duration) -> Duration {
        guard let status, status.kind == .regular else { return patience.settle }
        let growth = growths.count(at: path, size: status.identity.size, now: now) - Growths.free
        // Doubled with each, up to what is waited for an open file.
        if growth > 0 {
            let longest = max(patience.settle, patience.openPatience)
            return min(longest, patience.settle * (1 << min(growth, 16)))
        }
        if status.links > 1 { return max(patience.settle, patience.linkPatience) }
        return status.identity.size == 0 ? max(patience.settle, patience.emptyPatience) : patience.settle
    }

    /// Until it has been quiet for `long`, with looks in between, ever fewer: an event may be lost.
    private mutating func wait(
        _ entry: Entry, _ path: InboxPath, atLeast long: Duration, _ now: Duration
    ) -> Step {
        var entry = entry
        let between = now + max(patience.settle, (now - entry.quietSince) / 4)
        entry.nextLook = min(entry.quietSince + long, between)
        schedule(entry, path)
        return .wait
    }

    /// Keeps one appointment a name where the new one is later, so that a busy writer costs no room.
    private mutating func schedule(_ entry: Entry, _ path: InboxPath) {
        var entry = entry
        if entry.agenda == nil || entry.nextLook < entry.agenda ?? .zero {
            entry.agenda = entry.nextLook
            agenda.insert(Appointment(time: entry.nextLook, path: path))
        }
        keep(entry, path)
    }
}
