import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import Testing

@testable import KotibEngines

/// A model is identified by name and content.
struct ModelFileTests {
    private let folder: TemporaryFolder
    private let path: String
    private let reads = Shared(0)

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("ggml-base.bin")
        try folder.write("one", to: "ggml-base.bin")
    }

    /// Uses the content itself in place of its SHA-256.
    private var file: ModelFile {
        ModelFile(path: path) { [reads] file in
            reads.change { $0 += 1 }
            return try file.read(upTo: 100)
        }
    }

    @Test func eachStateOfItIsReadOnce() async throws {
        let file = file
        let all = await withTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<10 { group.addTask { await file.sha256() } }
            return await group.reduce(into: Set<[UInt8]?>()) { $0.insert($1) }
        }
        #expect(all == [Array("one".utf8)] && reads.value == 1)
        try folder.write("other", to: "ggml-base.bin")
        #expect(await file.sha256() == Array("other".utf8))
        #expect(reads.value == 2)
    }

    @Test func whatCannotBeReadHasNone() async throws {
        folder.remove("ggml-base.bin")
        #expect(await file.sha256() == nil)
        let broken = ModelFile(path: "/dev/null") { _ in throw SystemError(code: EIO, operation: "read") }
        #expect(await broken.sha256() == nil)
    }

    @Test func whatIsWrittenWhileItIsReadHasNone() async throws {
        let file = ModelFile(path: path) { [folder] file in
            try folder.write("longer", to: "ggml-base.bin")
            return try file.read(upTo: 100)
        }
        #expect(await file.sha256() == nil)
    }

    /// A running worker keeps the model that it has loaded.
    @Test func wordsAreThoseOfTheModelThatWasLoaded() async throws {
        let file = file
        try await withLocalEngine(standIn("", "loads=" + path), file: file) { engine async throws in
            #expect(await engine.modelIdentity()?.sha256 == Array("one".utf8))
            #expect(try await engine.transcribe(job("silent")) { _ in }.modelHash == Array("one".utf8))
            folder.remove("ggml-base.bin")
            try folder.write("two", to: "ggml-base.bin")
            #expect(await engine.modelIdentity()?.sha256 == Array("two".utf8))
            let result = try await engine.transcribe(job("silent")) { _ in }
            #expect(result.modelHash == Array("one".utf8))
        }
        try await withLocalEngine(standIn("", "loads=" + path), file: file) { engine async throws in
            #expect(try await engine.transcribe(job("silent")) { _ in }.modelHash == Array("two".utf8))
        }
        try await withLocalEngine(file: file) { engine async throws in
            #expect(try await engine.transcribe(job("silent")) { _ in }.modelHash == nil)
        }
    }
}
