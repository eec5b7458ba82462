import Dispatch
import KotibPOSIX
import KotibWorkerProtocol
import Synchronization

/// A request with its file and, if needed, its output buffer.
final class Job: Sendable {
    enum Work: Sendable {
        case inspect(InspectRequest)
        case transcribe(TranscribeRequest)
        case encode(EncodeRequest, output: OpenFile)
    }

    let work: Work
    let file: OpenFile
    private let cancelled = Atomic(false)

    init(_ work: Work, _ file: OpenFile) {
        self.work = work
        self.file = file
    }

    var request: UInt64 {
        switch work {
        case .inspect(let request): request.request
        case .transcribe(let request): request.request
        case .encode(let request, _): request.request
        }
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// The queue of jobs from the thread that reads the socket to the thread that works.
final class JobQueue: Sendable {
    private struct State {
        var waiting: [Job] = []
        var current: Job?
    }

    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)

    /// The limit of waiting requests: a daemon that sends more is broken. Each holds a descriptor or two.
    static let capacity = 32

    /// - Returns: false if the queue is full.
    func put(_ job: Job) -> Bool {
        let isTaken = state.withLock { state in
            if state.waiting.count >= Self.capacity { return false }
            state.waiting.append(job)
            return true
        }
        if isTaken { arrivals.signal() }
        return isTaken
    }

    /// Waits for the next job, which is then the current one.
    func dequeue() -> Job {
        while true {
            arrivals.wait()
            let job = state.withLock { state -> Job? in
                state.current = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
                return state.current
            }
            if let job { return job }
        }
    }

    /// Cancels the request of that number. Does nothing if it has ended.
    func cancel(_ request: UInt64) {
        state.withLock { state in
            let known = state.waiting + (state.current.map { [$0] } ?? [])
            known.first { $0.request == request }?.cancel()
        }
    }
}
