import KotibModel
import KotibTranscription
import Synchronization

/// An engine that does what a test says, and remembers what it was asked.
public final class FakeEngine: TranscriptionEngine, Sendable {
    /// Gets the job and how many came before it.
    public typealias Script =
        @Sendable (TranscriptionJob, Int) async throws(EngineError) -> TranscriptionResult

    public let name: String
    public let model: String
    private let script: Script
    private let asked = Mutex<[RecordingID]>([])

    /// - Parameter name: as the configuration calls an engine.
    /// - Parameter model: what it says that it uses.
    public init(named name: String = "fake", model: String = "fake-1", _ script: @escaping Script) {
        self.name = name
        self.model = model
        self.script = script
    }

    /// Transcribes everything at once, to `words`.
    public convenience init(words: String = "Hello.") {
        self.init { _, _ in Self.result(words) }
    }

    /// The recordings that it was asked for, in order.
    public var calls: [RecordingID] { asked.withLock { $0 } }

    public func transcribe(
        _ job: TranscriptionJob, report: @escaping @Sendable (TranscriptionProgress) -> Void
    ) async throws(EngineError) -> TranscriptionResult {
        let before = asked.withLock { asked in
            asked.append(job.recording)
            return asked.count - 1
        }
        report(.fraction(0.5))
        report(.segment(TranscriptSegment(start: 0, end: 1, text: "Half")))
        return try await script(job, before)
    }

    public static func result(_ words: String) -> TranscriptionResult {
        let segments = words.isEmpty ? [] : [TranscriptSegment(start: 0, end: 1, text: words)]
        return TranscriptionResult(
            transcript: Transcript(
                text: words, segments: segments, language: "en", engine: "fake", model: "fake-1"),
            speech: words.isEmpty ? 0 : 1)
    }
}

/// Holds jobs until a test lets them go, or cancels them.
public final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var next = 0
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The number of jobs that wait.
    public var count: Int { state.withLock { $0.waiting.count } }

    /// Lets all go that wait, and all that come.
    public func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for job in waiting { job.resume(returning: true) }
    }

    /// - Throws: ``EngineError/cancelled`` when the task is cancelled.
    public func pass() async throws(EngineError) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let mayPass = await withTaskCancellationHandler {
            await withCheckedContinuation { wait(number, $0) }
        } onCancel: {
            cancel(number)
        }
        if !mayPass { throw .cancelled }
    }

    private func wait(_ number: Int, _ job: CheckedContinuation<Bool, Never>) {
        let answer: Bool? = state.withLock { state in
            if state.cancelled.remove(number) != nil { return false }
            if state.isOpen { return true }
            state.waiting[number] = job
            return nil
        }
        if let answer { job.resume(returning: answer) }
    }

    private func cancel(_ number: Int) {
        let job = state.withLock { state in
            let job = state.waiting.removeValue(forKey: number)
            if job == nil { state.cancelled.insert(number) }
            return job
        }
        job?.resume(returning: false)
    }
}
