import GRDB
import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import Testing

@Suite struct SidecarTroubleTests {
    private let inbox: SidecarFixture

    init() throws { inbox = try SidecarFixture() }

    /// Each scan finds the problem again: the log has it once, and the status until it is resolved.
    @Test func twoTakenNamesAreReportedOnce() async throws {
        let id = try await inbox.transcribed("Hello.")
        for name in ["ali/talk.wav.txt", "ali/talk.wav.kotib.txt"] {
            try inbox.folder.write("mine", to: name)
        }
        let (logger, log) = recordingLogger()
        let told = Shared<[FileError]>([])
        let sidecars = Sidecars(
            files: inbox.disk, catalog: inbox.catalog, logger: logger,
            cannotWrite: { _, error in
                told.change { $0.append(error) }
                return false
            }, failureSentence: { "\($0): \($1)" })
        for _ in 1...3 { try await sidecars.writer.writeAllDue() }
        #expect(log.all.count { $0.contains("cannot write text: both names taken") } == 1)
        #expect(told.value == Array(repeating: .occupied(path: "ali/talk.wav"), count: 3))
        #expect(try await inbox.isDue(id))
        inbox.folder.remove("ali/talk.wav.kotib.txt")
        try await sidecars.writer.writeAllDue()
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
        #expect(try await !inbox.isDue(id))
    }

    /// Lets every step fail once, each in a folder of its own.
    @Test(arguments: [ENOSPC, EIO, EACCES])
    func anyStepMayFailOnceAndNothingIsTorn(code: Int32) async throws {
        let steps = try await stepsToWrite(failing: nil, with: code)
        try #require(steps.count > 8)
        // A recording that the daemon may not open is private, and its text is written for its owner.
        for number in steps.indices where code != EACCES || steps[number] != "openForReading" {
            _ = try await stepsToWrite(failing: number, with: code)
        }
    }

    @Test func wordsOfARecordingThatCannotBeOpenedAreItsOwnersAlone() async throws {
        try inbox.folder.write("audio", to: "ali/talk.wav")
        #expect(chmod(inbox.folder.path("ali"), 0o777) == 0)
        let id = try await inbox.transcribed("Hello.")
        let faulty = FaultyFileSystem(inbox.disk) { $0.name == "openForReading" ? EACCES : nil }
        try await inbox.writer(faulty).writeDue(id)
        let text = try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(text?.permissions == 0o600)
        #expect(try await !inbox.isDue(id))
    }

    private func stepsToWrite(failing number: Int?, with code: Int32) async throws -> [String] {
        let inbox = try SidecarFixture()
        let id = try await inbox.transcribed("Hello.")
        let faulty = FaultyFileSystem(inbox.disk) { $0.number == number ? code : nil }
        let writer = inbox.writer(faulty)
        try await writer.writeDue(id)
        let step = number.map { faulty.steps[$0] } ?? "none"
        let names = try inbox.names()
        #expect(names == (number == nil ? ["talk.wav.txt"] : []), "after \(step) failed")
        #expect(try await inbox.isDue(id) == (number != nil), "after \(step) failed")
        let steps = faulty.steps
        try await writer.writeAllDue()
        #expect(try inbox.names() == ["talk.wav.txt"], "after \(step) failed")
        #expect(try inbox.text("talk.wav.txt") == "Hello.\n", "after \(step) failed")
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"], "after \(step) failed")
        #expect(try await !inbox.isDue(id), "after \(step) failed")
        return steps
    }

    @Test(arguments: [ENOSPC, EIO])
    func anyStepOfAnExchangeMayFailOnce(code: Int32) async throws {
        let steps = try await stepsToExchange(failing: nil, with: code)
        try #require(steps.contains("rename exchange"))
        for number in steps.indices {
            _ = try await stepsToExchange(failing: number, with: code)
        }
    }

    private func stepsToExchange(failing number: Int?, with code: Int32) async throws -> [String] {
        let inbox = try SidecarFixture()
        try await inbox.writer().writeDue(inbox.transcribed("Old."))
        let new = try await inbox.transcribed("New words.", content: 2)
        let faulty = FaultyFileSystem(inbox.disk) { $0.number == number ? code : nil }
        let writer = inbox.writer(faulty)
        try await writer.writeDue(new)
        let step = number.map { faulty.steps[$0] } ?? "none"
        #expect(try inbox.names() == ["talk.wav.txt"], "after \(step) failed")
        // Whole, the old or the new; the catalog knows which.
        let isDue = try await inbox.isDue(new)
        #expect(
            try inbox.text("talk.wav.txt") == (isDue ? "Old.\n" : "New words.\n"), "after \(step) failed")
        let steps = faulty.steps
        try await writer.writeAllDue()
        #expect(try inbox.names() == ["talk.wav.txt"], "after \(step) failed")
        #expect(try inbox.text("talk.wav.txt") == "New words.\n", "after \(step) failed")
        #expect(try await !inbox.isDue(new), "after \(step) failed")
        return steps
    }

    @Test func textOfARemovedFolderStaysInTheCatalog() async throws {
        let id = try await inbox.transcribed("Hello.")
        inbox.folder.remove("ali")
        try await inbox.writer().writeAllDue()
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        try await inbox.writer().writeAllDue()
        #expect(try await !inbox.isDue(id))
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "Hello.")
        #expect(try inbox.folder.names() == [])
    }

    @Test func folderThatIsAwayForAMomentGetsItsText() async throws {
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        _ = try await inbox.edit(id, "New.")
        try inbox.folder.rename("ali", to: "elsewhere")
        try await inbox.writer().writeAllDue()
        try inbox.folder.rename("elsewhere", to: "ali")
        try await inbox.writer().writeAllDue()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
        #expect(try await !inbox.isDue(id))
    }

    /// A row that cannot be read stays so, whatever is on the disk.
    @Test func rowThatCannotBeReadHidesNoOther() async throws {
        let bad = try await inbox.transcribed("Bad.", name: Array("bad.wav".utf8))
        let good = try await inbox.transcribed("Good.", name: Array("good.wav".utf8))
        try await inbox.database.write {
            try $0.execute(
                sql: "UPDATE transcript_revisions SET segments = 'x' WHERE audio_record_id = ?",
                arguments: [bad.rawValue])
        }
        try await inbox.writer().writeAllDue()
        #expect(try inbox.names() == ["good.wav.txt"])
        #expect(try await !inbox.isDue(good))
        #expect(try await inbox.isDue(bad))
    }

    @Test func recordingBeingDeletedGetsNoText() async throws {
        let id = try await inbox.transcribed("Hello.")
        _ = try await inbox.catalog.deletions.decide(of: id, in: .everyone)
        try await inbox.writer().writeAllDue()
        try await inbox.writer().writeDue(id)
        #expect(try inbox.names().isEmpty)
    }

    @Test func linkInPlaceOfTheFolderIsNotFollowed() async throws {
        let id = try await inbox.transcribed("Hello.")
        try inbox.folder.rename("ali", to: "elsewhere")
        try #require(symlink("elsewhere", inbox.folder.path("ali")) == 0)
        try await inbox.writer().writeAllDue()
        #expect(try inbox.folder.names(in: "elsewhere") == [])
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "Hello.")
    }

    /// A file is deleted between two steps, while its folder stays.
    @Test(arguments: ["openForReading", "rename keep", "create"])
    func vanishedEntryDoesNotCountAsTheFolder(step: String) async throws {
        let id = try await inbox.transcribed("Hello.")
        if step == "openForReading" { try inbox.folder.write("hello.\n", to: "ali/talk.wav.txt") }
        let faulty = FaultyFileSystem(inbox.disk) { $0.name == step ? ENOENT : nil }
        try await inbox.writer(faulty).writeDue(id)
        try #require(faulty.steps.contains(step))
        #expect(try await inbox.isDue(id))
    }

    @Test func textThatKotibMayNotReadIsAStrangers() async throws {
        try inbox.folder.write("hello.\n", to: "ali/talk.wav.txt")
        let id = try await inbox.transcribed("Hello.")
        let faulty = FaultyFileSystem(inbox.disk) { $0.name == "openForReading" ? EACCES : nil }
        try await inbox.writer(faulty).writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "hello.\n")
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
    }

    @Test func linkAtTheTextsNameIsLeftAlone() async throws {
        try inbox.folder.write("precious", to: "victim")
        try #require(symlink("../victim", inbox.folder.path("ali/talk.wav.txt")) == 0)
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        #expect(inbox.folder.read("victim") == "precious")
        #expect(try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))?.kind == .symbolicLink)
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
    }

    @Test func linkPlantedOverKotibsOwnTextIsLeftAlone() async throws {
        let old = try await inbox.transcribed("Old.")
        try await inbox.writer().writeDue(old)
        try inbox.folder.rename("ali/talk.wav.txt", to: "moved")
        try #require(symlink("../moved", inbox.folder.path("ali/talk.wav.txt")) == 0)
        try await inbox.writer().writeDue(inbox.transcribed("New.", content: 2))
        #expect(inbox.folder.read("moved") == "Old.\n")
        #expect(try inbox.text("talk.wav.kotib.txt") == "New.\n")
    }

    @Test func folderAtTheTextsNameIsLeftAlone() async throws {
        try inbox.folder.makeFolder("ali/talk.wav.txt")
        try inbox.folder.write("inside", to: "ali/talk.wav.txt/note")
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        #expect(inbox.folder.read("ali/talk.wav.txt/note") == "inside")
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
    }

    @Test func longestNameGetsAText() async throws {
        let name = Array(String(repeating: "n", count: 251).utf8) + Array(".wav".utf8)
        let id = try await inbox.transcribed("Hello.", name: name)
        try await inbox.writer().writeDue(id)
        let names = try inbox.names()
        #expect(names.count == 1)
        #expect(try inbox.text(names.first ?? "") == "Hello.\n")
        #expect(names.first?.hasSuffix(".txt") == true)
        #expect(try await !inbox.isDue(id))
    }

    @Test func nameThatIsNotTextGetsOne() async throws {
        let name: [UInt8] = [0xFF, 0xFE, 0x0A] + Array(".wav".utf8)
        let id = try await inbox.transcribed("Hello.", name: name)
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text(name + Array(".txt".utf8)) == "Hello.\n")
        #expect(try inbox.names().count == 1)
    }
}
