import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import Synchronization
import Testing

/// Texts that somebody saves while another edits, and such as cannot be read.
@Suite struct SavedTextTests {
    private let inbox: SidecarFixture
    private let id: RecordingID
    private let first: RevisionID

    init() async throws {
        inbox = try SidecarFixture()
        id = try await inbox.transcribed("First.")
        try await inbox.writer().writeDue(id)
        first = try #require(try await inbox.shown(id)?.id)
    }

    private func write(_ bytes: [UInt8]) throws {
        try inbox.folder.write(bytes, to: Array("ali/talk.wav.txt".utf8))
    }

    private func identity() throws -> FileIdentity {
        try #require(try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))?.identity)
    }

    private func saved(_ sidecars: Sidecars) async throws {
        try await sidecars.editor.saved(inbox.path(Array("talk.wav.txt".utf8)))
    }

    private func change(
        _ text: String, expected: RevisionID?, by sidecars: Sidecars
    ) async throws -> EditOutcome {
        let (inbox, id) = (inbox, id)
        return try await sidecars.editor.change(id, expected: expected) { () async throws(CatalogError) in
            try await inbox.edit(id, text, expected: expected)
        }
    }

    @Test func justSavedTextIsRecordedBeforeAnEdit() async throws {
        try write(Array("By file.\n".utf8))
        let saved = try identity().changed
        let passed = Mutex<Int64>(300_000_000)
        let sidecars = inbox.sidecars(
            wallClock: { saved + passed.withLock { $0 } },
            sleep: { duration in
                let nanoseconds = duration.components.attoseconds / 1_000_000_000
                passed.withLock { $0 += duration.components.seconds * 1_000_000_000 + nanoseconds }
            })
        let outcome = try await change("By socket.", expected: first, by: sidecars)
        let shown = try #require(try await inbox.shown(id))
        #expect(outcome == .conflict(shown) && shown.text == "By file." && shown.origin == .sidecar)
        #expect(passed.withLock { $0 } == 1_000_000_000)
        #expect(try inbox.text("talk.wav.txt") == "By file.\n")

        // Saving the file again is accepted, and both versions are kept.
        try write(Array("By file again.\n".utf8))
        let again = try identity().changed
        passed.withLock { $0 = again - saved }
        guard case .edited = try await change("By socket.", expected: nil, by: sidecars) else {
            Issue.record("not edited")
            return
        }
        #expect(try await inbox.revisions(id) == ["By socket.", "By file again.", "By file.", "First."])
        #expect(try inbox.text("talk.wav.txt") == "By socket.\n")
    }

    @Test func aTextThatDoesNotComeToRestIsAConflict() async throws {
        let rounds = Mutex(0)
        try write(Array("Typing".utf8))
        let sidecars = inbox.sidecars(wallClock: { 0 }, sleep: { _ in rounds.withLock { $0 += 1 } })
        let shown = try #require(try await inbox.shown(id))
        #expect(try await change("By socket.", expected: first, by: sidecars) == .conflict(shown))
        #expect(rounds.withLock { $0 } == 3)
        #expect(try await inbox.revisions(id) == ["First."])
        guard case .edited = try await change("By socket.", expected: nil, by: sidecars) else {
            Issue.record("not edited")
            return
        }
        #expect(try inbox.text("talk.wav.txt") == "Typing")
        #expect(try await inbox.isDue(id))
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["Typing", "By socket.", "First."])
        #expect(try await !inbox.isDue(id))
    }

    @Test func textOpenForWritingIsNotReplaced() async throws {
        let file = open(inbox.folder.path("ali/talk.wav.txt"), O_WRONLY | O_TRUNC)
        try #require(file >= 0)
        #expect(Glibc.write(file, "Half", 4) == 4)
        let sidecars = inbox.sidecars(wallClock: { .max }, sleep: { _ in })
        guard case .conflict = try await change("By socket.", expected: first, by: sidecars) else {
            Issue.record("no conflict")
            return
        }
        _ = try await inbox.edit(id, "By socket.")
        try await sidecars.writer.writeDue(id)
        #expect(try await inbox.revisions(id) == ["By socket.", "First."])
        #expect(Glibc.write(file, " and whole.", 11) == 11)
        close(file)
        try await sidecars.writer.writeDue(id)
        #expect(try await inbox.revisions(id) == ["Half and whole.", "By socket.", "First."])
        #expect(try inbox.text("talk.wav.txt") == "Half and whole.")
    }

    /// Saved in an encoding of older Windows editors, then in UTF-8 as the log advises.
    @Test func aTextInAnotherEncodingIsTakenOnceItIsUTF8() async throws {
        let sidecars = inbox.sidecars()
        // "Привет" in Windows-1251.
        try write([0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2])
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["First."])
        #expect(try inbox.text("talk.wav.txt.rejected.txt") == "talk.wav.txt: encoding\n")
        // Neither another scan nor a new text removes the note or replaces the file.
        try await saved(inbox.sidecars())
        _ = try await inbox.edit(id, "By socket.")
        try await sidecars.writer.writeAllDue()
        let names = ["talk.wav.kotib.txt", "talk.wav.txt", "talk.wav.txt.rejected.txt"]
        #expect(try inbox.names() == names)
        try write(Array("Привет\n".utf8))
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["Привет", "By socket.", "First."])
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    /// Saved as UTF-16 with a byte order mark, as Windows does.
    @Test(arguments: [true, false]) func utf16WithAByteOrderMarkIsTaken(_ isLittle: Bool) async throws {
        let units = [0xFEFF] + Array("Привет\r\n".utf16)
        try write(
            units.flatMap {
                isLittle ? [UInt8($0 & 0xFF), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xFF)]
            })
        try await saved(inbox.sidecars())
        #expect(try await inbox.revisions(id) == ["Привет", "First."])
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func theNoteGoesWithTheText() async throws {
        let sidecars = inbox.sidecars()
        try write([0xCF])
        try await saved(sidecars)
        try #require(inbox.names().count == 2)
        inbox.folder.remove("ali/talk.wav.txt")
        try await sidecars.problems.textRemoved(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(try inbox.names().isEmpty)
    }

    /// A stranger's file of the note's name is left alone.
    @Test func theNoteTakesNobodysPlace() async throws {
        try inbox.folder.write("mine", to: "ali/talk.wav.txt.rejected.txt")
        try write([0xCF])
        try await saved(inbox.sidecars())
        #expect(try inbox.text("talk.wav.txt.rejected.txt") == "mine")
        #expect(try inbox.text("talk.wav.txt.kotib-rejected.txt") == "talk.wav.txt: encoding\n")
    }

    /// Threat 73: what a program writes that has the text open must not go into a file without a name.
    @Test(arguments: [false, true]) func aTextThatAProgramHasOpenIsNotExchanged(_ isRead: Bool) async throws {
        let file = open(inbox.folder.path("ali/talk.wav.txt"), isRead ? O_RDONLY : O_RDWR)
        try #require(file >= 0)
        let sidecars = inbox.sidecars()
        _ = try await change("By socket.", expected: nil, by: sidecars)
        #expect(try inbox.text("talk.wav.txt") == (isRead ? "By socket.\n" : "First.\n"))
        #expect(try await inbox.isDue(id) != isRead)
        guard !isRead else {
            close(file)
            return
        }
        #expect(pwrite(file, "An hour.", 8, 0) == 8)
        try await sidecars.writer.writeAllDue()
        close(file)
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["An hour.", "By socket.", "First."])
        #expect(try inbox.text("talk.wav.txt") == "An hour.")
        #expect(try await !inbox.isDue(id))
    }

    /// The text is opened between the check and the exchange.
    @Test func aTextThatIsOpenedInThatInstantGoesBack() async throws {
        let file = Mutex<Int32>(-1)
        let path = inbox.folder.path("ali/talk.wav.txt")
        let faulty = FaultyFileSystem(inbox.disk) { step in
            if step.name == "rename exchange" { file.withLock { if $0 < 0 { $0 = open(path, O_RDWR) } } }
            return nil
        }
        _ = try await change("By socket.", expected: nil, by: inbox.sidecars(faulty))
        let opened = file.withLock { $0 }
        try #require(opened >= 0)
        var status = stat()
        #expect(fstat(opened, &status) == 0 && status.st_nlink == 1)
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try inbox.text("talk.wav.txt") == "First.\n")
        close(opened)
        try await inbox.writer().writeAllDue()
        #expect(try inbox.text("talk.wav.txt") == "By socket.\n")
    }

    /// `cp -al` makes a copy of links.
    @Test func aTextWithTwoNamesIsTakenOnceItHasOne() async throws {
        let sidecars = inbox.sidecars()
        let text = inbox.folder.path("ali/talk.wav.txt")
        try #require(link(text, inbox.folder.path("backup")) == 0)
        try write(Array("Mine.\n".utf8))
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["First."])
        inbox.folder.remove("backup")
        try await saved(sidecars)
        #expect(try await inbox.revisions(id) == ["Mine.", "First."])
    }

    /// The text keeps the bytes that the person typed, and the catalog has them too.
    @Test func anotherFormOfAnAccentIsAnEdit() async throws {
        let sidecars = inbox.sidecars()
        for text in ["caf\u{E9}\n", "cafe\u{301}\n"] {
            try write(Array(text.utf8))
            try await saved(sidecars)
            let shown = try #require(try await inbox.shown(id)).text
            #expect(Array(shown.utf8) + [0x0A] == Array(text.utf8))
        }
    }
}
