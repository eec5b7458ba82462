import GRDB
import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// Moves and renames with a file manager, and their effect on records and texts.
@Suite struct MoveTests {
    /// The order in which the watcher reports the two events of one rename.
    enum Order: CaseIterable { case newFirst, oldFirst }

    private func transcribed(_ inbox: IngestFixture, _ names: [String]) async throws -> [RecordingID] {
        var ids: [RecordingID] = []
        try await inbox.transcribing {
            for name in names {
                ids.append(try #require(try await inbox.drop("speech of \(name)", name)).id)
                try await inbox.awaitText("Hello.", beside: name)
                try await waitUntil("it is registered") { try await inbox.current(name)?.sidecarDue == nil }
            }
        }
        return ids
    }

    private func tell(
        _ inbox: IngestFixture, gone: [String], new: [String], _ order: Order
    ) async throws {
        if order == .newFirst { for name in new { try await inbox.handle(name) } }
        for name in gone { await inbox.pipeline.handle(.removed(try inbox.path(name))) }
        if order == .oldFirst { for name in new { try await inbox.handle(name) } }
        await inbox.pipeline.handle(.scanFinished)
    }

    private func owned(_ id: RecordingID, _ inbox: IngestFixture) async throws -> [String] {
        try await inbox.catalog.sidecars.owned(of: id).map(\.path.text).sorted()
    }

    @Test(arguments: Order.allCases, ["ali/new.wav", "ali/2026/talk.wav"])
    func aRenamedRecordingTakesItsTextAlong(_ order: Order, _ new: String) async throws {
        let engine = FakeEngine()
        let inbox = try IngestFixture(engine: engine)
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        try inbox.folder.makeFolder("ali/2026")
        try inbox.folder.rename("ali/talk.wav", to: new)
        try await tell(inbox, gone: ["ali/talk.wav"], new: [new], order)
        let recording = try #require(try await inbox.current(new))
        #expect(recording.id == id && recording.audio == .present && recording.state == .completed)
        #expect(inbox.folder.read(new + ".txt") == "Hello.\n")
        #expect(inbox.folder.read("ali/talk.wav.txt") == nil)
        #expect(try await owned(id, inbox) == [new + ".txt"])
        #expect(try inbox.rows() == 1)
        #expect(inbox.logged("recording moved") == 1)
        // The text is known as before: saved, it is an edit.
        try inbox.folder.write("Mine.\n", to: new + ".txt")
        try await inbox.handle(new + ".txt")
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "Mine.")
        #expect(engine.calls.count == 1)
    }

    @Test(arguments: Order.allCases) func textMovedAlongIsRecognized(_ order: Order) async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")
        try inbox.folder.rename("ali/talk.wav.txt", to: "ali/new.wav.txt")
        try await tell(
            inbox, gone: ["ali/talk.wav", "ali/talk.wav.txt"], new: ["ali/new.wav.txt", "ali/new.wav"], order)
        #expect(try inbox.names() == ["new.wav", "new.wav.txt"])
        #expect(try await owned(id, inbox) == ["ali/new.wav.txt"])
    }

    @Test(arguments: Order.allCases) func aMovedFolderMovesAllWithoutInspection(_ order: Order) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        let names = (1...3).map { "\($0).wav" }
        let ids = try await transcribed(inbox, names.map { "ali/a/\($0)" })
        let inspections = inbox.inspector.calls
        // Behind the move the person edits one of the texts.
        try inbox.folder.rename("ali/a", to: "ali/b")
        try inbox.folder.write("Mine.\n", to: "ali/b/1.wav.txt")
        try await tell(inbox, gone: ["ali/a"], new: names.map { "ali/b/\($0)" }, order)
        #expect(inbox.inspector.calls == inspections)
        for (id, name) in zip(ids, names) {
            #expect(try await inbox.current("ali/b/\(name)")?.id == id)
            #expect(try await owned(id, inbox) == ["ali/b/\(name).txt"])
        }
        #expect(try inbox.folder.names(in: "ali/b").count == 6)
        try await inbox.handle("ali/b/1.wav.txt")
        #expect(try await inbox.catalog.recordings.transcript(of: ids[0])?.text == "Mine.")
    }

    /// Most editors save a new file and rename it: neither path nor inode is what the catalog has.
    @Test(arguments: ["ali/b/talk.wav", "ali/b/new.wav"], [false, true])
    func aTextBesideAMovedRecordingIsItsText(_ new: String, _ isSecondName: Bool) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        if isSecondName { try inbox.folder.write("shopping", to: "ali/a/talk.wav.txt") }
        let id = try #require(try await inbox.drop("speech", "ali/a/talk.wav")).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(id)
        let ending = isSecondName ? ".kotib.txt" : ".txt"
        try #require(inbox.folder.read("ali/a/talk.wav" + ending) == "Hello.\n")
        try inbox.folder.rename("ali/a", to: "ali/b")
        if new != "ali/b/talk.wav" {
            try inbox.folder.rename("ali/b/talk.wav", to: new)
            if isSecondName { try inbox.folder.rename("ali/b/talk.wav.txt", to: new + ".txt") }
        }
        inbox.folder.remove("ali/b/talk.wav" + ending)
        try inbox.folder.write("Corrected.\n", to: "ali/b/.new")
        try inbox.folder.rename("ali/b/.new", to: new + ending)

        try await tell(inbox, gone: ["ali/a"], new: [new, new + ending], .oldFirst)
        try await inbox.handle(new + ending)
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "Corrected.")
        #expect(inbox.folder.read(new + ending) == "Corrected.\n")
        #expect(try await owned(id, inbox) == [new + ending])
        if isSecondName { #expect(inbox.folder.read(new + ".txt") == "shopping") }
        #expect(try inbox.folder.names(in: "ali/b").count == (isSecondName ? 3 : 2))
    }

    enum Saved: CaseIterable { case never, inPlace, anew }

    /// A recording is taken out of a folder that was renamed, before anybody looked.
    @Test(arguments: Saved.allCases, Order.allCases)
    func aTextIsFoundWhereItsFolderWent(_ saved: Saved, _ order: Order) async throws {
        let inbox = try IngestFixture()
        for name in ["ali/f", "ali/other", "ali/other/deep"] { try inbox.folder.makeFolder(name) }
        let id = try await transcribed(inbox, ["ali/f/talk.wav"])[0]
        // Files of that name which are something else's.
        try inbox.folder.write("another speech", to: "ali/other/talk.wav")
        try inbox.folder.write("notes", to: "ali/other/talk.wav.txt")
        try inbox.folder.write("notes", to: "ali/other/list.txt")
        switch saved {
        case .never: break
        case .inPlace: try inbox.folder.write("Mine.\n", to: "ali/f/talk.wav.txt")
        case .anew:
            try inbox.folder.write("Mine.\n", to: "ali/f/.new")
            try inbox.folder.rename("ali/f/.new", to: "ali/f/talk.wav.txt")
        }
        try inbox.folder.rename("ali/f", to: "ali/other/deep/g")
        try inbox.folder.rename("ali/other/deep/g/talk.wav", to: "ali/new.wav")

        try await tell(inbox, gone: ["ali/f"], new: ["ali/new.wav"], order)
        if saved != .never { try await inbox.handle("ali/new.wav.txt") }
        let words = saved == .never ? "Hello." : "Mine."
        #expect(inbox.folder.read("ali/new.wav.txt") == words + "\n")
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == words)
        #expect(try await owned(id, inbox) == ["ali/new.wav.txt"])
        #expect(try inbox.folder.names(in: "ali/other/deep/g").isEmpty)
        #expect(inbox.folder.read("ali/other/talk.wav.txt") == "notes")
        #expect(inbox.folder.read("ali/other/list.txt") == "notes")
        #expect(
            try await inbox.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM moves") } == 0)
    }

    /// If its folder is gone too, the text was not removed on purpose.
    @Test(arguments: [false, true]) func aTextThatIsNowhereIsWrittenAnew(_ isFolderGone: Bool) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/f")
        let id = try await transcribed(inbox, ["ali/f/talk.wav"])[0]
        try inbox.folder.rename("ali/f/talk.wav", to: "ali/talk.wav")
        inbox.folder.remove(isFolderGone ? "ali/f" : "ali/f/talk.wav.txt")
        let gone = ["ali/f/talk.wav", "ali/f/talk.wav.txt"] + (isFolderGone ? ["ali/f"] : [])
        try await tell(inbox, gone: gone, new: ["ali/talk.wav"], .newFirst)
        #expect(inbox.folder.read("ali/talk.wav.txt") == (isFolderGone ? "Hello.\n" : nil))
        #expect(try await owned(id, inbox) == (isFolderGone ? ["ali/talk.wav.txt"] : []))
        #expect(inbox.warnedFiles.isEmpty)
    }

    /// A text that is on a disk which is not mounted is written anew, and goes when that is back.
    @Test func aTextThatIsAwayFollowsLater() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/disk")
        let id = try await transcribed(inbox, ["ali/disk/talk.wav"])[0]
        try inbox.folder.rename("ali/disk/talk.wav", to: "ali/talk.wav")
        try inbox.folder.rename("ali/disk", to: "away")
        try inbox.folder.makeFolder("ali/disk")
        try await inbox.database.write { try $0.execute(sql: "UPDATE sidecars SET device = 1") }
        try await tell(inbox, gone: ["ali/disk/talk.wav"], new: ["ali/talk.wav"], .newFirst)
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
        inbox.folder.remove("ali/disk")
        try inbox.folder.rename("away", to: "ali/disk")
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.folder.names(in: "ali/disk").isEmpty)
        #expect(try await owned(id, inbox) == ["ali/talk.wav.txt"])
        #expect(try await inbox.current()?.sidecarDue == nil)
    }

    @Test func aPersonsEditMovesAlongAndAStrangersFileStays() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
        try inbox.folder.write("shopping", to: "ali/new.wav.txt")
        try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")
        try await tell(inbox, gone: ["ali/talk.wav"], new: ["ali/new.wav"], .newFirst)
        #expect(try inbox.names() == ["new.wav", "new.wav.kotib.txt", "new.wav.txt"])
        #expect(inbox.folder.read("ali/new.wav.txt") == "shopping")
        #expect(inbox.folder.read("ali/new.wav.kotib.txt") == "Mine.\n")
        try await inbox.handle("ali/new.wav.kotib.txt")
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "Mine.")
    }

    @Test func aCopyIsAnotherRecordingAndSoIsAnotherUsers() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        let copy = try #require(try await inbox.drop("speech of ali/talk.wav", "ali/copy.wav"))
        #expect(copy.id != id)
        try #require(link(inbox.folder.path("ali/talk.wav"), inbox.folder.path("ali/link.wav")) == 0)
        try await inbox.handle("ali/link.wav")
        #expect(try await inbox.current("ali/link.wav")?.id != id)
        try inbox.folder.makeFolder("vali")
        try inbox.folder.rename("ali/talk.wav", to: "vali/talk.wav")
        try await tell(inbox, gone: ["ali/talk.wav"], new: ["vali/talk.wav"], .oldFirst)
        #expect(try await inbox.current("vali/talk.wav")?.id != id)
        #expect(try await inbox.catalog.recordings.find(id)?.audio == .gone)
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
        #expect(inbox.folder.read("vali/talk.wav.txt") == nil)
    }

    @Test(arguments: ["ali/talk.wav", "ali/again.wav"])
    func removedFileThatReturnsFindsItsRecord(_ place: String) async throws {
        let engine = FakeEngine()
        let inbox = try IngestFixture(engine: engine)
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        try await inbox.lose("ali/talk.wav")
        inbox.folder.remove("ali/talk.wav.txt")
        let back = try #require(try await inbox.drop("speech of ali/talk.wav", place))
        #expect(back.id == id && back.state == .completed)
        #expect(inbox.folder.read(place + ".txt") == "Hello.\n")
        #expect(try inbox.names().count == 2)
        #expect(engine.calls.count == 1)
    }

    /// The person does not want it: neither a rename nor a scan is a request.
    @Test func aDeletedTextStaysDeleted() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, ["ali/talk.wav"])[0]
        try await inbox.lose("ali/talk.wav.txt")
        await inbox.pipeline.handle(.scanFinished)
        try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")
        try await tell(inbox, gone: ["ali/talk.wav"], new: ["ali/new.wav"], .newFirst)
        #expect(try await inbox.current("ali/new.wav")?.id == id)
        #expect(try inbox.names() == ["new.wav"])
    }

    /// Although its folder is not where it was, like that of a text which went with it.
    @Test(arguments: Order.allCases) func aDeletedTextStaysDeletedWhenItsFolderMoves(_ order: Order)
        async throws
    {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        let id = try await transcribed(inbox, ["ali/a/talk.wav"])[0]
        try await inbox.lose("ali/a/talk.wav.txt")
        try inbox.folder.rename("ali/a", to: "ali/b")
        try await tell(inbox, gone: ["ali/a"], new: ["ali/b/talk.wav"], order)
        #expect(try await inbox.current("ali/b/talk.wav")?.id == id)
        #expect(try inbox.folder.names(in: "ali/b") == ["talk.wav"])
        #expect(try await owned(id, inbox).isEmpty)
        #expect(try await inbox.catalog.moves.unfinished(after: nil, limit: 1).isEmpty)
        // Asked for, it is written.
        _ = try await inbox.sidecars.writer.rewrite(id, in: .everyone)
        #expect(inbox.folder.read("ali/b/talk.wav.txt") == "Hello.\n")
    }

    @Test(arguments: [false, true]) func aTextThatIsPutBackFollowsAgain(_ isTouched: Bool) async throws {
        let inbox = try IngestFixture()
        for name in ["ali/a", "ali/other"] { try inbox.folder.makeFolder(name) }
        let id = try await transcribed(inbox, ["ali/a/talk.wav"])[0]
        try inbox.folder.rename("ali/a/talk.wav.txt", to: "bin")
        await inbox.pipeline.handle(.removed(try inbox.path("ali/a/talk.wav.txt")))
        if isTouched { try inbox.folder.write("Mine.\n", to: "bin") }
        try inbox.folder.rename("bin", to: "ali/a/talk.wav.txt")
        try await inbox.handle("ali/a/talk.wav.txt")
        try inbox.folder.rename("ali/a", to: "ali/other/b")
        try inbox.folder.rename("ali/other/b/talk.wav", to: "ali/talk.wav")
        try await tell(inbox, gone: ["ali/a"], new: ["ali/talk.wav"], .oldFirst)
        #expect(inbox.folder.read("ali/talk.wav.txt") == (isTouched ? "Mine.\n" : "Hello.\n"))
        #expect(try await owned(id, inbox) == ["ali/talk.wav.txt"])
    }

    /// Texts whose removal nobody told of: the whole folder is looked through for all of them at once.
    @Test func aFolderIsLookedThroughOnceForAllThatIsMissing() async throws {
        var disk: FaultyFileSystem?
        let inbox = try IngestFixture {
            let files = FaultyFileSystem($0) { _ in nil }
            disk = files
            return files
        }
        try inbox.folder.makeFolder("ali/a")
        let names = (1...20).map { "\($0).wav" }
        let ids = try await transcribed(inbox, names.map { "ali/a/\($0)" })
        for name in names { inbox.folder.remove("ali/a/\(name).txt") }
        try inbox.folder.rename("ali/a", to: "ali/b")
        let listed = { [disk] in disk.map { $0.steps.filter { $0 == "list" }.count } ?? 0 }
        let before = listed()
        try await tell(inbox, gone: ["ali/a"], new: names.map { "ali/b/\($0)" }, .newFirst)
        // The user's folder and the one in it.
        #expect(listed() - before == 2)
        for (id, name) in zip(ids, names) {
            #expect(try await owned(id, inbox) == ["ali/b/\(name).txt"])
            #expect(inbox.folder.read("ali/b/\(name).txt") == "Hello.\n")
        }
    }

    /// A to B and C to A, in whatever order they are told of; and two that change places.
    @Test(arguments: [["a", "b", "c"], ["b", "a", "c"], ["a", "c", "b"]], [false, true])
    func chainsOfRenamesKeepWordsWithTheirRecordings(_ order: [String], _ isEdited: Bool) async throws {
        let inbox = try IngestFixture()
        let (a, c) = ("ali/a.wav", "ali/c.wav")
        let ids = try await transcribed(inbox, [a, c])
        for (name, words) in [(a, "A."), (c, "C.")] where isEdited {
            try inbox.folder.write(words + "\n", to: name + ".txt")
            try await inbox.handle(name + ".txt")
        }
        try inbox.folder.rename(a, to: "ali/b.wav")
        try inbox.folder.rename(c, to: a)
        for name in order {
            if name == "c" {
                await inbox.pipeline.handle(.removed(try inbox.path(c)))
            } else {
                try await inbox.handle("ali/\(name).wav")
            }
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.current("ali/b.wav")?.id == ids[0])
        #expect(try await inbox.current(a)?.id == ids[1])
        #expect(try inbox.names() == ["a.wav", "a.wav.txt", "b.wav", "b.wav.txt"])
        #expect(inbox.folder.read("ali/b.wav.txt") == (isEdited ? "A.\n" : "Hello.\n"))
        #expect(inbox.folder.read("ali/a.wav.txt") == (isEdited ? "C.\n" : "Hello.\n"))
    }

    /// The catalog was rebuilt from a backup that knew the recording under its earlier name.
    @Test(arguments: [false, true])
    func aTextThatMovedSinceTheBackupIsItsRecordings(_ isRebuilt: Bool) async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, ["ali/a.wav"])[0]
        try await inbox.database.write { database in
            try database.execute(sql: "DELETE FROM sidecars")
            if isRebuilt {
                try database.execute(sql: "INSERT INTO rebuilds (at) VALUES ('2999-01-01T00:00:00.000Z')")
            }
        }
        try inbox.folder.rename("ali/a.wav", to: "ali/b.wav")
        inbox.folder.remove("ali/a.wav.txt")
        try inbox.folder.write("Saved since.\n", to: "ali/b.wav.txt")
        try await tell(inbox, gone: ["ali/a.wav"], new: ["ali/b.wav"], .newFirst)
        #expect(try await inbox.current("ali/b.wav")?.id == id)
        #expect(try await owned(id, inbox) == (isRebuilt ? ["ali/b.wav.txt"] : []))
        #expect(
            try await inbox.catalog.recordings.transcript(of: id)?.text
                == (isRebuilt ? "Saved since." : "Hello."))
        #expect(inbox.folder.read("ali/b.wav.txt") == "Saved since.\n")
    }

    @Test(arguments: [false, true]) func twoThatChangePlacesKeepTheirWords(_ isEdited: Bool) async throws {
        let inbox = try IngestFixture()
        let ids = try await transcribed(inbox, ["ali/a.wav", "ali/c.wav"])
        if isEdited {
            try inbox.folder.write("A.\n", to: "ali/a.wav.txt")
            try await inbox.handle("ali/a.wav.txt")
        }
        try inbox.folder.rename("ali/a.wav", to: "ali/x")
        try inbox.folder.rename("ali/c.wav", to: "ali/a.wav")
        try inbox.folder.rename("ali/x", to: "ali/c.wav")
        try await tell(inbox, gone: [], new: ["ali/a.wav", "ali/c.wav"], .newFirst)
        #expect(try await inbox.current("ali/c.wav")?.id == ids[0])
        #expect(try await inbox.current("ali/a.wav")?.id == ids[1])
        #expect(try inbox.names() == ["a.wav", "a.wav.txt", "c.wav", "c.wav.txt"])
        #expect(inbox.folder.read("ali/c.wav.txt") == (isEdited ? "A.\n" : "Hello.\n"))
    }
}
