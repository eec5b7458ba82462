import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The built program in its sandbox, as kotibd has recordings encoded.
@Suite struct EncodingProcessTests {
    private let capacity: Int64 = 1 << 20

    private func buffer() throws -> OpenFile {
        try OpenFile.inMemory("test", size: capacity)
    }

    /// The last reply, and how many signs of life came before.
    private func outcome(_ worker: BuiltWorker) throws -> (reply: WorkerReply, signs: Int) {
        var signs = 0
        while true {
            let reply = try worker.reply()
            guard case .progress = reply else { return (reply, signs) }
            signs += 1
        }
    }

    /// The encoder opens no file and makes no new system call after the sandbox is on, which would fail or
    /// kill it.
    @Test(arguments: SpeechCodec.allCases)
    func inTheSandboxTheSameFileIsMade(_ codec: SpeechCodec) throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        for (number, recording) in (Recording.plain + Recording.phoneKinds).enumerated() {
            let bytes = try recording.bytes()
            let request = try encodeRequest(
                recording.fileExtension, codec, capacity: capacity, request: UInt64(number))
            let buffer = try buffer()
            try worker.send(.encode(request), .holding(bytes), buffer)
            guard case (.encoded(UInt64(number), let summary), 1...) = try outcome(worker) else {
                throw UnexpectedReply()
            }
            let expected = try encode(bytes, request).file()
            #expect(try buffer.read(upTo: Int(summary.size)) == expected, "\(recording)")
        }
    }

    @Test func cancellingEndsItSoonAndTheWorkerGoesOn() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let hour = try Tool.ffmpeg(
            [
                "-stream_loop", "400", "-i", Samples.path("jfk.wav"), "-t", "3600", "-c:a", "pcm_mulaw",
                "-ar", "8000",
            ],
            fileExtension: "wav")
        let file = try OpenFile.holding(hour)
        var request = try encodeRequest("wav", capacity: 25 << 20)
        let large = try OpenFile.inMemory("test", size: 25 << 20)
        try worker.send(.encode(request), file, large)
        guard case .progress(request: 1, let fraction) = try worker.reply() else { throw UnexpectedReply() }
        #expect(fraction < 0.1)
        let start = try worker.processorTime()
        try worker.send(.cancel(request: 1))
        #expect(try outcome(worker).reply == .cancelled(request: 1))
        // The daemon kills a worker that takes two seconds. The time of other programs does not count.
        #expect(try worker.processorTime() - start < 2)
        request = try encodeRequest("wav", longest: 3, capacity: capacity, request: 2)
        try worker.send(.encode(request), file, buffer())
        guard case .encoded(2, let summary) = try outcome(worker).reply else { throw UnexpectedReply() }
        #expect(summary.duration == 3)
    }

    @Test func undecodableTrackIsAWarning() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        for number in 0..<100 as Range<UInt64> {
            let rubbish = SeededGenerator.bytes(2_000, seed: number)
            try worker.send(.encode(encodeRequest("flac", request: number)), .holding(rubbish), buffer())
            guard case .failed(number, let reason) = try outcome(worker).reply else {
                throw UnexpectedReply()
            }
            #expect(!reason.isEmpty)
        }
    }

    @Test func oneDescriptorIsNotEnoughAndASmallBufferIsABreach() throws {
        let bytes = try Recording.plain[0].bytes(seconds: 1)
        var worker = try BuiltWorker()
        _ = try worker.ready()
        try worker.send(.encode(encodeRequest("wav")), .holding(bytes))
        #expect(try worker.status() == .exited(76))
        worker = try BuiltWorker()
        _ = try worker.ready()
        try worker.send(
            .encode(encodeRequest("wav", capacity: capacity + 1)), .holding(bytes), buffer())
        #expect(try worker.status() == .exited(76))
        worker = try BuiltWorker()
        _ = try worker.ready()
        let inspection = InspectRequest(
            request: 1, fileExtension: "wav", size: Int64(bytes.count), longestDuration: 60)
        try worker.send(.inspect(inspection), .holding(bytes), buffer())
        #expect(try worker.status() == .exited(76))
    }
}
