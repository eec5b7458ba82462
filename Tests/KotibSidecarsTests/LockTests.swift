import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibSidecars

@Suite struct KeyedMutexTests {
    private let mutex = KeyedMutex<InboxPath>()

    private func path(_ name: String) throws -> InboxPath { try #require(InboxPath("ali/\(name)")) }

    @Test func oneAtATimeInTheOrderOfAsking() async throws {
        let path = try path("a")
        let gate = Gate()
        let order = Shared<[Int]>([])
        let inside = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mutex.withLock(on: path) { try await gate.pass() } }
            try await waitUntil("the first holds the lock") { gate.count == 1 }
            for number in 1...20 {
                group.addTask {
                    await mutex.withLock(on: path) {
                        #expect(inside.change { $0 += 1 } == 1)
                        await Task.yield()
                        order.change { $0.append(number) }
                        inside.change { $0 -= 1 }
                    }
                }
                try await waitUntil("\(number) waits") { mutex.waiterCount(on: path) == number }
            }
            #expect(order.value.isEmpty)
            gate.open()
            try await group.waitForAll()
        }
        #expect(order.value == Array(1...20))
    }

    @Test func othersAndLaterOnesDoNotWait() async throws {
        let (one, other) = (try path("a"), try path("b"))
        let gate = Gate()
        async let first: Void = mutex.withLock(on: one) { try await gate.pass() }
        try await waitUntil("the first holds the lock") { gate.count == 1 }
        #expect(await mutex.withLock(on: other) { true })
        gate.open()
        try await first
        struct Refused: Error {}
        await #expect(throws: Refused.self) {
            try await mutex.withLock(on: one) { () async throws(Refused) in throw Refused() }
        }
        #expect(await mutex.withLock(on: one) { true })
    }
}

@Suite struct SidecarLockTests {
    private let inbox: SidecarFixture
    private let id: RecordingID

    init() async throws {
        inbox = try SidecarFixture()
        id = try await inbox.transcribed("First.")
        try await inbox.writer().writeDue(id)
    }

    /// Lets `second` go as far as it can while `first` is held in a step, then both.
    private func whileHeld(
        in step: String, _ first: @escaping @Sendable (Sidecars) async throws -> Void,
        then second: @escaping @Sendable (Sidecars) async throws -> Void
    ) async throws {
        let held = StepBarrier(step)
        let sidecars = inbox.sidecars(
            FaultyFileSystem(inbox.disk, fault: held.pass), formats: [.srt, .txt])
        let path = try inbox.path(SidecarFixture.name)
        let isDone = Shared(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { held.letGo() }
            group.addTask { try await first(sidecars) }
            try await waitUntil("the first is held") { held.isReached }
            group.addTask {
                try await second(sidecars)
                isDone.value = true
            }
            try await waitUntil("the second waits, or is done") {
                isDone.value || sidecars.locks.waiterCount(on: path) == 1
            }
            held.letGo()
            try await group.waitForAll()
        }
    }

    /// Held at the first of two files, the writer has read the words that it will write into the second.
    @Test func olderWordsDoNotOutlastNewerOnes() async throws {
        let (inbox, id) = (inbox, id)
        _ = try await inbox.edit(id, "Second.")
        try await whileHeld(in: "create") {
            try await $0.writer.writeDue(id)
        } then: {
            _ = try await $0.editor.change(id, expected: nil) { () async throws(CatalogError) in
                try await inbox.edit(id, "Third.")
            }
        }
        #expect(try await inbox.shown(id)?.text == "Third.")
        #expect(try inbox.text("talk.wav.txt") == "Third.\n")
        #expect(try inbox.text("talk.wav.srt")?.contains("Third.") == true)
        #expect(try inbox.names() == ["talk.wav.srt", "talk.wav.txt"])
        #expect(try await !inbox.isDue(id))
    }

    /// The watcher reads what a person saved, while another person edits.
    @Test func savedTextIsRecordedOnce() async throws {
        let (inbox, id) = (inbox, id)
        try inbox.folder.write("Saved.\n", to: "ali/talk.wav.txt")
        try await whileHeld(in: "openForReading") {
            try await $0.editor.saved(inbox.path(Array("talk.wav.txt".utf8)))
        } then: {
            _ = try await $0.editor.change(id, expected: nil) { () async throws(CatalogError) in
                try await inbox.edit(id, "By socket.")
            }
        }
        #expect(try await inbox.revisions(id) == ["By socket.", "Saved.", "First."])
        #expect(try inbox.text("talk.wav.txt") == "By socket.\n")
        #expect(try await !inbox.isDue(id))
        try await inbox.sidecars().editor.saved(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(try await inbox.revisions(id).count == 3)
    }
}
