import KotibModel
import KotibTranscription
import Synchronization

/// The pending events of a follower. However slowly they read, it holds a job's newest state only.
final class FollowerBell: Sendable {
    struct News {
        var isChanged = false
        var isPing = false
        var running: [RecordingID: RunningJob] = [:]
    }

    /// One for any number of news; ends with ``end()`` or the task.
    let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let news = Mutex(News())

    init() {
        (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring(_ add: (inout News) -> Void) {
        news.withLock { add(&$0) }
        bell.yield()
    }

    func take() -> News {
        news.withLock { news in
            defer { news = News() }
            return news
        }
    }

    func end() { bell.finish() }
}
