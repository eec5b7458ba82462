import Glibc
import KotibPOSIX
import KotibTestSupport
import KotibWorkerClient
import KotibWorkerProtocol
import Testing

struct EncodingTests {
    private func encode(
        _ deed: String, on pool: WorkerPool, into buffer: OpenFile,
        report: @escaping @Sendable (WorkerReply) -> Void = { _ in }
    ) async throws(WorkerError) -> WorkerReply {
        try await pool.perform(passing: temporaryFile(), filling: buffer, report: report) { id in
            .encode(
                EncodeRequest(
                    request: id, container: deed, codec: .opus, bitRate: 24_000, longestDuration: 60,
                    capacity: 8192))
        }.reply
    }

    private func buffer() throws -> OpenFile { try OpenFile.inMemory("test", size: 8192) }

    private func text(_ buffer: OpenFile) throws -> String {
        String(decoding: try buffer.read(upTo: 8192).prefix { $0 != 0 }, as: UTF8.self)
    }

    @Test func theWorkerFillsTheBuffer() async throws {
        try await withPool { pool async throws in
            let (buffer, heard) = (try buffer(), Shared<[WorkerReply]>([]))
            let reply = try await encode("well", on: pool, into: buffer) { reply in
                heard.change { $0.append(reply) }
            }
            guard case .encoded(let id, let summary) = reply else {
                Issue.record("\(reply)")
                return
            }
            #expect(summary == EncodingSummary(size: 4096, duration: 1))
            #expect(try text(buffer) == "OggS well opus 24000")
            #expect(heard.value == [.progress(request: id, fraction: 0.5)])
        }
    }

    @Test func aFullBufferIsAnAnswer() async throws {
        try await withPool { pool async throws in
            let reply = try await encode("too-large", on: pool, into: buffer())
            guard case .outgrown(_, duration: 819) = reply else {
                Issue.record("\(reply)")
                return
            }
        }
    }

    @Test func theWorkerCannotCutTheBuffer() async throws {
        try await withPool { pool async throws in
            let buffer = try buffer()
            _ = try await encode("cuts-the-buffer", on: pool, into: buffer)
            #expect(try text(buffer).hasSuffix(" cut: \(EPERM)"))
            #expect(try buffer.read(upTo: 10_000).count == 8192)
        }
    }

    @Test func deathAndCancellationAreThoseOfAnyRequest() async throws {
        try await withPool { pool async throws in
            let died = WorkerError.died(.signal(SIGSEGV), lastLine: "about to crash")
            #expect(await failure { try await encode("crash", on: pool, into: buffer()) } == died)
            let begun = Shared(false)
            let request = Task {
                try await encode("until-cancelled", on: pool, into: buffer()) { _ in
                    begun.change { $0 = true }
                }
            }
            try await eventually { begun.value }
            request.cancel()
            #expect(await failure { try await request.value } == .cancelled)
            _ = try await encode("well", on: pool, into: buffer())
        }
    }
}
