import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Synchronization
import Testing

@testable import KotibWorker

@Suite struct TranscriptionTests {
    private final class Replies {
        var all: [WorkerReply] = []
    }

    private func reporter(_ replies: Replies) throws -> (TranscriptionReporter, Job) {
        let request = TranscribeRequest(request: 5, container: "wav", language: nil, longestDuration: 60)
        let job = Job(.transcribe(request), try .holding([1]))
        return (TranscriptionReporter(job) { replies.all.append($0) }, job)
    }

    @Test func progressNeverGoesBackAndIsAlwaysANumber() throws {
        let replies = Replies()
        let (reporter, _) = try reporter(replies)
        for fraction in [0.2, 0.1, .nan, .infinity, -1, 0.5, 7] { reporter.progressed(to: fraction) }
        let expected = [0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 1].map {
            WorkerReply.progress(request: 5, fraction: $0)
        }
        #expect(replies.all == expected)
    }

    @Test func cancellingReachesTheEngine() throws {
        let (reporter, job) = try reporter(Replies())
        #expect(!reporter.isCancelled)
        let mailbox = JobQueue()
        #expect(mailbox.put(job))
        mailbox.cancel(4)
        #expect(!reporter.isCancelled)
        mailbox.cancel(5)
        #expect(reporter.isCancelled)
    }

    @Test func theCurrentJobCanBeCancelled() throws {
        let (reporter, job) = try reporter(Replies())
        let mailbox = JobQueue()
        #expect(mailbox.put(job))
        #expect(mailbox.dequeue() === job)
        mailbox.cancel(5)
        #expect(reporter.isCancelled)
    }

    @Test func aFullMailboxTakesNoMore() throws {
        let (_, job) = try reporter(Replies())
        let mailbox = JobQueue()
        for _ in 0..<JobQueue.capacity { #expect(mailbox.put(job)) }
        #expect(!mailbox.put(job))
    }

    @Test func segmentsFitIntoPackets() throws {
        let replies = Replies()
        let (reporter, _) = try reporter(replies)
        let text = String(repeating: "\"\\ж🎙", count: 20_000)
        reporter.heard(TranscriptSegment(start: 1, end: .nan, text: text))
        var heard = ""
        for reply in replies.all {
            #expect(try WorkerCoding.encode(reply).count < PacketSocket.longestPacket)
            guard case .segment(request: 5, let segment) = reply else { throw UnexpectedReply() }
            #expect(segment.start == 1 && segment.end == 1)
            heard += segment.text
        }
        #expect(heard == text)
        #expect(replies.all.count > 1)
    }

    @Test(arguments: [
        ("a\u{1b}[2Jb", "a[2Jb"), ("one\n\ttwo\r\n", "one two "), ("a\u{202e}b\u{2066}c", "abc"),
        ("\u{0}\u{7f}\u{85}x", " x"), ("o\u{2018}zbek \u{1F469}\u{200D}\u{1F52C}", "o\u{2018}zbek 👩‍🔬"),
    ])
    func textIsMadeSafe(_ text: String, _ expected: String) {
        #expect(SegmentText.cleaned(text) == expected)
    }

    @Test func silenceOfTheEngineSendsNothing() throws {
        let replies = Replies()
        let (reporter, _) = try reporter(replies)
        reporter.heard(TranscriptSegment(start: 0, end: 1, text: "\u{1b}\u{7}"))
        #expect(replies.all.isEmpty)
    }
}

/// The built program with its model.
@Suite struct TranscriptionProcessTests {
    private func worker(threads: Int = 1) throws -> BuiltWorker {
        let models = try Samples.dependency("models")
        return try BuiltWorker([
            "transcribe", "--model", models + "/ggml-base-q8_0.bin",
            "--vad-model", models + "/ggml-silero-v6.2.0.bin", "--threads", String(threads),
        ])
    }

    /// With one memory limit for any number of threads, workers with three threads failed to start.
    @Test(arguments: [3, 4, 8]) func itsMemorySufficesForItsThreads(_ threads: Int) throws {
        #expect(try worker(threads: threads).ready().model != nil)
    }

    private func transcribe(_ number: UInt64, longest: Double = 3600) -> WorkerRequest {
        .transcribe(
            TranscribeRequest(request: number, container: "wav", language: "en", longestDuration: longest))
    }

    @Test func speechBecomesWords() throws {
        let worker = try worker()
        let ready = try worker.ready()
        #expect(ready.model != nil)
        #expect(ready.sandbox.contains("seccomp"))
        let speech = try TemporaryFolder.contents(of: Samples.path("jfk.wav"))
        try worker.send(transcribe(3), .holding(speech))
        var words = ""
        while true {
            switch try worker.reply() {
            case .progress(request: 3, let fraction): #expect((0...1).contains(fraction))
            case .segment(request: 3, let segment): words += segment.text
            case .transcribed(request: 3, let summary):
                #expect(abs(summary.duration - 11) < 0.1)
                #expect(words.contains("what you can do"))
                return
            default: throw UnexpectedReply()
            }
        }
    }

    @Test func undecodableFileFailsAndTheWorkerContinues() throws {
        let worker = try worker()
        _ = try worker.ready()
        for number in 1...3 as ClosedRange<UInt64> {
            try worker.send(transcribe(number), .holding(Array("no sound at all".utf8)))
            guard case .failed(request: number, _) = try worker.reply() else { throw UnexpectedReply() }
        }
    }

    @Test func cancelEndsWithCancelledOrDone() throws {
        let worker = try worker()
        _ = try worker.ready()
        let speech = try TemporaryFolder.contents(of: Samples.path("two_cities.wav"))
        try worker.send(transcribe(8), .holding(speech))
        try worker.send(transcribe(9), .holding(speech))
        try worker.send(.cancel(request: 9))
        try worker.send(.cancel(request: 8))
        var ended: [UInt64] = []
        while ended.count < 2 {
            switch try worker.reply() {
            case .cancelled(let request), .transcribed(let request, _): ended.append(request)
            case .progress(request: 8, _), .segment(request: 8, _): break
            default: throw UnexpectedReply()
            }
        }
        #expect(ended == [8, 9])
    }

    @Test func theEndOfTheConnectionEndsATranscription() throws {
        let worker = try worker()
        _ = try worker.ready()
        let speech = try TemporaryFolder.contents(of: Samples.path("two_cities.wav"))
        try worker.send(transcribe(8), .holding(speech))
        worker.hangUp()
        #expect(try worker.status() == .exited(0))
    }
}
