import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol
import Testing

/// The built program over its socket, as kotibd uses it.
@Suite struct WorkerProcessTests {
    private func request(_ number: UInt64, _ bytes: [UInt8], _ ending: String) -> WorkerRequest {
        .inspect(
            InspectRequest(
                request: number, fileExtension: ending, size: Int64(bytes.count), longestDuration: 3600))
    }

    @Test func readyNamesWhatHolds() throws {
        let worker = try BuiltWorker()
        let ready = try worker.ready()
        #expect(ready.model == nil)
        let parts = ["no_new_privs", "not_dumpable", "no_capabilities", "rlimits", "seccomp"]
        #expect(Set(ready.sandbox).isSuperset(of: parts))
        #expect(try field("Seccomp", of: worker.process) == "2")
        #expect(try field("NoNewPrivs", of: worker.process) == "1")
        #expect(try field("CapEff", of: worker.process) == "0000000000000000")
    }

    @Test(arguments: Recording.plain + Recording.phone)
    func inspectionGoesThere(_ recording: Recording) throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let bytes = try recording.bytes()
        try worker.send(request(7, bytes, recording.fileExtension), .holding(bytes))
        guard case .inspected(request: 7, let facts) = try worker.reply() else { throw UnexpectedReply() }
        #expect(abs(facts.duration - 5) < 0.15)
    }

    @Test func aRefusalIsNotTheEnd() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let text = Array("not a recording\n".utf8)
        let speech = try Recording.plain[0].bytes(seconds: 1)
        for number in 0..<20 as Range<UInt64> {
            try worker.send(request(number * 2, text, "mp3"), .holding(text))
            let rejection = Rejection.notAudio(found: "text/plain")
            #expect(try worker.reply() == .refused(request: number * 2, rejection: rejection))
            try worker.send(request(number * 2 + 1, speech, "wav"), .holding(speech))
            guard case .inspected = try worker.reply() else { throw UnexpectedReply() }
        }
    }

    @Test func requestsMayWaitInLine() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let speech = try Recording.plain[1].bytes(seconds: 1)
        for number in 0..<16 as Range<UInt64> {
            try worker.send(request(number, speech, "mp3"), .holding(speech))
        }
        for number in 0..<16 as Range<UInt64> {
            guard case .inspected(request: number, _) = try worker.reply() else { throw UnexpectedReply() }
        }
    }

    @Test func descriptorsDoNotLeak() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let text = Array("not a recording\n".utf8)
        // More than the worker may have open at once.
        for number in 0..<200 as Range<UInt64> {
            try worker.send(request(number, text, "mp3"), .holding(text))
            guard case .refused = try worker.reply() else { throw UnexpectedReply() }
        }
    }

    @Test func theEndOfTheConnectionEndsIt() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        worker.hangUp()
        #expect(try worker.status() == .exited(0))
    }

    @Test func theEndOfTheConnectionEndsItWhileItWorks() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let bytes = try Recording.plain[1].bytes(seconds: 11)
        for number in 0..<30 as Range<UInt64> {
            try worker.send(request(number, bytes, "mp3"), .holding(bytes))
        }
        worker.hangUp()
        #expect(try worker.status() == .exited(0))
    }

    @Test func rubbishOverTheSocketEndsItWithAnError() throws {
        for packet in ["{}", "null", "{\"inspect\":1}", "\u{0}"] {
            let worker = try BuiltWorker()
            _ = try worker.ready()
            try worker.send(Array(packet.utf8))
            #expect(try worker.status() == .exited(76))
        }
    }

    @Test func aRequestWithoutItsFileIsABreach() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        try worker.send(request(1, [1], "mp3"))
        #expect(try worker.status() == .exited(76))
    }

    @Test func cancellingWhatHasEndedIsNoError() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        try worker.send(.cancel(request: 99))
        let text = Array("not a recording\n".utf8)
        try worker.send(request(1, text, "mp3"), .holding(text))
        guard case .refused = try worker.reply() else { throw UnexpectedReply() }
    }

    @Test func anUnreadableDescriptorIsRefused() throws {
        let worker = try BuiltWorker()
        _ = try worker.ready()
        let folder = try TemporaryFolder()
        let path = folder.path + "/write-only"
        try worker.send(request(1, [1, 2], "mp3"), OpenFile(owning: creat(path, 0o600)))
        #expect(try worker.reply() == .refused(request: 1, rejection: .unreadable))
    }

    @Test func byHandItSaysWhatItIsFor() throws {
        let program = try BuiltWorker.path("kotib-worker")
        try Tool.run(["sh", "-c", "\(program) inspect </dev/null 2>&1 | grep -q kotibd"])
        try Tool.run(["sh", "-c", "\(program) --version"])
    }

    /// A field of /proc/PID/status (proc(5)).
    private func field(_ name: String, of process: pid_t) throws -> String {
        let status = try Tool.output(["cat", "/proc/\(process)/status"])
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return try #require(line).drop { $0 != "\t" }.dropFirst().description
    }
}
