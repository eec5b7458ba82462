import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibTestSupport
import KotibTranscription
import Testing

@testable import KotibIngest

/// A transcript is kept only if the transcribed bytes are the inspected ones.
struct ChangedAudioTests {
    /// Runs one job during which `meddle` does something to its file, then gives the same content to another
    /// user.
    private func poison(
        _ meddling: Meddling, _ check: (IngestFixture) async throws -> Void
    ) async throws {
        let gate = Gate()
        let engine = FakeEngine { job, before throws(EngineError) in
            if before == 0 { try await gate.pass() }
            return FakeEngine.result(before == 0 ? "Poison." : "Hello.")
        }
        let fixture = try IngestFixture(engine: engine, reuse: .all)
        try fixture.folder.makeFolder("vali")
        try await fixture.transcribing {
            try await fixture.drop("speech")
            try await waitUntil("the job runs") { gate.count == 1 }
            meddling.meddle(fixture.folder.path("ali/talk.wav"))
            gate.open()
            try await waitUntil("the job is over") { await fixture.queue.running().isEmpty }
            try await check(fixture)
            try await fixture.drop("speech", "vali/talk.wav")
            try await fixture.awaitText("Hello.", beside: "vali/talk.wav")
        }
    }

    private enum Meddling {
        case overwrite
        /// There and back, with the old mtime.
        case restore
        case rename

        func meddle(_ path: String) {
            switch self {
            case .overwrite: write("poison", path)
            case .restore:
                var before = stat()
                stat(path, &before)
                write("poison", path)
                write("speech", path)
                utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0)
            case .rename: Glibc.rename(path, path + "2.wav")
            }
        }

        private func write(_ text: String, _ path: String) {
            let file = Glibc.open(path, O_WRONLY)
            _ = text.withCString { pwrite(file, $0, strlen($0), 0) }
            close(file)
        }
    }

    @Test func fileOverwrittenMeanwhileIsTranscribedAgain() async throws {
        try await poison(.overwrite) { fixture in
            let recording = try #require(try await fixture.current())
            #expect(recording.state == .pending && recording.audio == .gone && recording.attempts == 0)
            #expect(fixture.logged("transcript discarded: file changed during transcription") == 1)
            try await fixture.handle("ali/talk.wav")
            try await fixture.awaitText("Hello.")
        }
    }

    /// Only ctime differs, as after a rename.
    @Test func possiblyOverwrittenFileIsNotReusedForOthers() async throws {
        try await poison(.restore) { fixture in
            try await fixture.awaitText("Poison.")
            try await fixture.handle("ali/talk.wav")
            #expect(try await fixture.current()?.state == .completed)
        }
    }

    /// A rename during the job costs nothing.
    @Test func fileRenamedMeanwhileKeepsItsWords() async throws {
        try await poison(.rename) { fixture in
            try await fixture.handle("ali/talk.wav2.wav")
            try await fixture.awaitText("Poison.", beside: "ali/talk.wav2.wav")
        }
    }

    /// A write through a mapping of a page that is dirty already changes no time.
    @Test func fileOpenForWritingIsNotReusedForOthers() async throws {
        let gate = Gate()
        let engine = FakeEngine { job, before throws(EngineError) in
            if before == 0 { try await gate.pass() }
            return FakeEngine.result(before == 0 ? "Poison." : "Hello.")
        }
        let fixture = try IngestFixture(engine: engine, reuse: .all)
        try fixture.folder.makeFolder("vali")
        try await fixture.transcribing {
            try fixture.folder.write("speech", to: "ali/talk.wav")
            let file = Glibc.open(fixture.folder.path("ali/talk.wav"), O_RDWR)
            let page = try #require(mmap(nil, 6, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
            close(file)
            defer { munmap(page, 6) }
            memcpy(page, "speech", 6)
            try await fixture.handle("ali/talk.wav")
            try await waitUntil("the job runs") { gate.count == 1 }
            memcpy(page, "poison", 6)
            gate.open()
            try await fixture.awaitText("Poison.")
            try await fixture.drop("speech", "vali/talk.wav")
            try await fixture.awaitText("Hello.", beside: "vali/talk.wav")
        }
    }
}
