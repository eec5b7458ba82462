import FoundationEssentials
import KotibCatalog
import KotibModel
import Synchronization

/// Sends snapshots of jobs to followers. Costs next to nothing while there are none.
final class ProgressBoard: Sendable {
    private struct State {
        var followers: [Int: AsyncStream<RunningJob>.Continuation] = [:]
        var next = 0
        var isClosed = false
    }

    /// The number of snapshots that are kept for a slow follower; each may hold the segments of an hour.
    private static let snapshotsKept = 8

    private let state = Mutex(State())

    var isFollowed: Bool { state.withLock { !$0.followers.isEmpty } }

    func follow() -> AsyncStream<RunningJob> {
        let (stream, follower) = AsyncStream.makeStream(
            of: RunningJob.self, bufferingPolicy: .bufferingNewest(Self.snapshotsKept))
        let number: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.followers[state.next] = follower
            return state.next
        }
        if let number {
            follower.onTermination = { [weak self] _ in self?.leave(number) }
        } else {
            follower.finish()
        }
        return stream
    }

    func show(_ job: RunningJob) {
        for follower in state.withLock({ $0.followers.values }) { follower.yield(job) }
    }

    /// Ends all streams: no job runs any more.
    func close() {
        let followers = state.withLock { state in
            state.isClosed = true
            defer { state.followers = [:] }
            return state.followers.values
        }
        for follower in followers { follower.finish() }
    }

    private func leave(_ number: Int) {
        _ = state.withLock { $0.followers.removeValue(forKey: number) }
    }
}

/// A recording that is being transcribed, as a status page shows it.
public struct RunningJob: Hashable, Sendable {
    public var recording: RecordingID
    public var userID: UserID?
    /// Readable names (``InboxPath/text``).
    public var user: String
    public var file: String
    /// Seconds.
    public var duration: Double
    /// Between 0 and 1.
    public var fraction: Double
    public var started: Date
    /// The estimated time to the end, at the rate so far; nil before there is an estimate.
    public var remaining: Duration?
    /// The segments so far.
    var segments: [TranscriptSegment]
}
