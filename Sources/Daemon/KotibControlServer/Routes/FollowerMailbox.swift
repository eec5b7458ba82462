import KotibModel
import KotibTranscription
import Synchronization

/// The pending updates of a follower. However slow the follower, only a job's newest state is kept.
final class FollowerMailbox: Sendable {
    struct Updates {
        var isChanged = false
        var isPing = false
        var running: [RecordingID: RunningJob] = [:]
    }

    /// One element for any number of updates; ends with ``end()`` or the task.
    let arrivals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let news = Mutex(Updates())

    init() {
        (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func post(_ add: (inout Updates) -> Void) {
        news.withLock { add(&$0) }
        continuation.yield()
    }

    func takeAll() -> Updates {
        news.withLock { news in
            defer { news = Updates() }
            return news
        }
    }

    func end() { continuation.finish() }
}
