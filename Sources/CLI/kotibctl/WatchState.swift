import KotibControlClient
import KotibControlProtocol

/// The state of the recordings that `watch` follows: fed with lists and events, returns the changes.
struct WatchState: Sendable {
    /// A message that is printed once.
    struct Update: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// A status of the daemon's, `deleted` or `gone`.
            case status(String)
            /// Another ten percent.
            case percent(Int)
        }

        var id: Int64
        var path: String
        var what: Kind
    }

    static let deleted = "deleted"
    /// Pending, but its file was removed: nothing happens until that is back.
    static let gone = "gone"
    private static let waiting: Set = ["pending", "processing"]

    private struct Recording {
        var path: String
        var status: String
        /// Seconds of sound.
        var duration: Double?
        var fraction: Double?
        /// The progress when it was first seen: earlier progress does not count for the speed.
        var before = 0.0
        var remaining: Double?
        var toldPercent = 0

        var isWaiting: Bool { WatchState.waiting.contains(status) }
        var done: Double { isWaiting ? ProgressDisplay.within(fraction ?? 0) : 1 }
    }

    /// Nil: all.
    private let ids: Set<Int64>?
    private var recordings: [Int64: Recording] = [:]

    init(ids: [Int64]) { self.ids = ids.isEmpty ? nil : Set(ids) }

    /// Whether all named recordings are known and finished; false if none was named.
    var isOver: Bool {
        guard let ids else { return false }
        return ids.allSatisfy { recordings[$0].map { !$0.isWaiting } ?? false }
    }

    /// Whether all recordings are completed.
    var isSuccess: Bool { recordings.values.allSatisfy { $0.status == "completed" } }

    var counts: (done: Int, all: Int) {
        (recordings.values.count { !$0.isWaiting }, recordings.count)
    }

    /// Those whose file was removed before they were transcribed.
    var goneIDs: [Int64] { recordings.filter { $0.value.status == Self.gone }.keys.sorted() }

    /// Those that are not done.
    var waitingIDs: [Int64] { recordings.filter { $0.value.isWaiting }.keys.sorted() }

    mutating func apply(_ record: AudioRecordBody) -> Update? {
        apply(record.id, record.filePath, Self.status(record.transcriptionStatus, record.audioState)) {
            $0.duration = record.duration ?? $0.duration
            $0.fraction = record.progress ?? $0.fraction
        }
    }

    mutating func apply(_ event: ControlEvent) -> Update? {
        switch event {
        case .changed(let body), .edited(let body):
            return apply(body.id, body.filePath, Self.status(body.transcriptionStatus, body.audioState))
        case .deleted(let body): return apply(body.id, body.filePath, Self.deleted)
        case .progress(let body):
            let news = apply(body.id, body.filePath, "processing") {
                $0.duration = body.duration
                $0.fraction = body.progress
                $0.remaining = body.remaining
            }
            return news ?? percent(of: body.id)
        case .reset: return nil
        }
    }

    /// Removes a recording that no longer exists.
    mutating func lose(_ id: Int64) -> Update? {
        apply(id, recordings[id]?.path ?? "", Self.deleted)
    }

    private static func status(_ status: String, _ audio: String) -> String {
        status == "pending" && audio == "gone" ? gone : status
    }

    private mutating func apply(
        _ id: Int64, _ path: String, _ status: String, _ change: (inout Recording) -> Void = { _ in }
    ) -> Update? {
        guard ids?.contains(id) ?? true else { return nil }
        let known = recordings[id]
        // With none named, what was done before is nobody's news.
        if known == nil, ids == nil, !Self.waiting.contains(status) { return nil }
        var recording = known ?? Recording(path: path, status: status)
        if status == "pending", recording.status != "pending" {
            // It begins anew.
            recording.fraction = nil
            recording.remaining = nil
            recording.before = 0
            recording.toldPercent = 0
        }
        recording.path = path
        recording.status = status
        change(&recording)
        if known == nil {
            recording.before = recording.done
            recording.toldPercent = Self.tens(recording.fraction ?? 0)
        }
        recordings[id] = recording
        return known?.status == status ? nil : Update(id: id, path: path, what: .status(status))
    }

    private static func tens(_ fraction: Double) -> Int { Int(ProgressDisplay.within(fraction) * 10) * 10 }

    private mutating func percent(of id: Int64) -> Update? {
        guard var recording = recordings[id], let fraction = recording.fraction else { return nil }
        let percent = Self.tens(fraction)
        guard percent > recording.toldPercent else { return nil }
        recording.toldPercent = percent
        recordings[id] = recording
        return Update(id: id, path: recording.path, what: .percent(percent))
    }
}

extension WatchState {
    /// The running ones, oldest first.
    var lines: [ProgressLine] {
        recordings.filter { $0.value.status == "processing" }.sorted { $0.key < $1.key }.map {
            id, recording in
            ProgressLine(
                name: "\(id) \(recording.path)", fraction: recording.fraction, remaining: recording.remaining)
        }
    }

    /// - Parameter elapsed: seconds since the first list.
    func overall(named name: String, elapsed: Double) -> ProgressLine {
        let known = recordings.values.compactMap(\.duration).filter { $0 > 0 }
        // An unmeasured length counts as an average one.
        let usual = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
        var all = 0.0
        var done = 0.0
        var sinceStart = 0.0
        for recording in recordings.values {
            let weight = recording.duration.flatMap { $0 > 0 ? $0 : nil } ?? usual
            all += weight
            done += weight * recording.done
            sinceStart += weight * max(0, recording.done - recording.before)
        }
        let canTell = sinceStart > 0 && elapsed > 0
        return ProgressLine(
            name: name, fraction: all > 0 ? done / all : nil,
            remaining: canTell ? (all - done) * elapsed / sinceStart : nil)
    }
}
