import GRDB
import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import Testing

@Suite struct EditTests {
    private let inbox: SidecarFixture
    private let id: RecordingID

    /// The words stand beside the recording.
    init() async throws {
        inbox = try SidecarFixture()
        try inbox.folder.write("audio", to: "ali/talk.wav")
        id = try await inbox.transcribed("Salom, dunyo.")
        try await inbox.writer().writeDue(id)
    }

    private func saved(_ name: String = "talk.wav.txt", _ sidecars: Sidecars? = nil) async throws {
        try await (sidecars ?? inbox.sidecars()).editor.saved(inbox.path(Array(name.utf8)))
    }

    /// All revisions, newest first.
    private func texts() async throws -> [String] {
        try #require(try await inbox.catalog.listing.revisions(of: id)).map(\.text)
    }

    private func shown() async throws -> Revision {
        try #require(try await inbox.catalog.revisions.find(nil, of: id, in: .everyone))
    }

    private func edit(_ text: String) async throws {
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil)
        guard case .edited = try await inbox.catalog.revisions.edit(edit) else {
            Issue.record("not edited")
            return
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        try inbox.folder.write(bytes, to: Array("ali/talk.wav.txt".utf8))
    }

    private func size() throws -> Int64? {
        try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))?.identity.size
    }

    @Test func editWithoutRoomStaysInTheFile() async throws {
        try await quota("used_text = 16777216, quota_bytes = 1")
        try write(Array("Salom, go'zal dunyo.\n".utf8))
        let sidecars = inbox.sidecars()
        try await saved("talk.wav.txt", sidecars)
        #expect(try await texts() == ["Salom, dunyo."])
        // Whatever becomes due is not written over it.
        _ = try await inbox.catalog.sidecars.makeDue(id, in: .everyone)
        try await sidecars.writer.writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "Salom, go'zal dunyo.\n")
        try await quota("quota_bytes = 0")
        try await saved("talk.wav.txt", sidecars)
        #expect(try await texts() == ["Salom, go'zal dunyo.", "Salom, dunyo."])
    }

    private func quota(_ columns: String) async throws {
        try await inbox.database.write { try $0.execute(sql: "UPDATE users SET \(columns)") }
    }

    /// The ways in which editors save: in place, by a rename over the file, or as a new file.
    enum Saving: CaseIterable { case inPlace, byRename, anew }

    @Test(arguments: Saving.allCases)
    func savedTextBecomesTheTranscript(_ saving: Saving) async throws {
        let text = "Salom, go'zal dunyo.\n"
        switch saving {
        case .inPlace: try write(Array(text.utf8))
        case .byRename:
            try inbox.folder.write(text, to: "ali/.talk.swp")
            try inbox.folder.rename("ali/.talk.swp", to: "ali/talk.wav.txt")
        case .anew:
            inbox.folder.remove("ali/talk.wav.txt")
            try await saved()
            try inbox.folder.write(text, to: "ali/talk.wav.txt")
        }
        try await saved()
        let revision = try await shown()
        #expect(revision.text == "Salom, go'zal dunyo." && revision.origin == .sidecar)
        #expect(revision.authorFolder == "ali")
        #expect(try inbox.text("talk.wav.txt") == text)
        #expect(try await !inbox.isDue(id))
        try await saved()
        #expect(try await texts().count == 2)

        // Kotib may still replace the file.
        try await edit("Again.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "Again.\n")
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static func littleEndian(_ text: String) -> [UInt8] {
        [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }
    private static func bigEndian(_ text: String) -> [UInt8] {
        [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    /// The words that stand there, as other editors write them.
    private static let sameWords: [[UInt8]] = [
        Array("Salom, dunyo.".utf8), Array("Salom, dunyo.\r\n".utf8), Array("Salom, dunyo.\n\n".utf8),
        mark + Array("Salom, dunyo.\n".utf8), littleEndian("Salom, dunyo.\r\n"),
    ]

    @Test(arguments: sameWords)
    func anotherEncodingIsNoEdit(_ bytes: [UInt8]) async throws {
        try write(bytes)
        try await saved()
        #expect(try await texts() == ["Salom, dunyo."])
        try await inbox.writer().writeAllDue()
        #expect(try size() == Int64(bytes.count))
        try await edit("New.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    private static let twoLines: [[UInt8]] = [
        Array("bir\r\nikki\r\n".utf8), mark + Array("bir\nikki".utf8), littleEndian("bir\r\nikki"),
        bigEndian("bir\nikki\n"),
    ]

    @Test(arguments: twoLines)
    func wordsAreReadWhateverTheEditorWrites(_ bytes: [UInt8]) async throws {
        try write(bytes)
        try await saved()
        #expect(try await shown().text == "bir\nikki")
        let place = try inbox.path(Array("talk.wav.txt".utf8))
        let before = try inbox.disk.examine(place)
        try await inbox.writer().writeDue(id)
        #expect(try inbox.disk.examine(place) == before)
    }

    @Test func anEmptiedTextIsAnEdit() async throws {
        try write([])
        try await saved()
        #expect(try await texts() == ["", "Salom, dunyo."])
        try await inbox.writer().writeAllDue()
        #expect(try inbox.text("talk.wav.txt") == "")
    }

    /// Files that are not texts: neither UTF-8 nor marked as UTF-16; with NUL; larger than 10 MiB.
    private static let noTexts: [[UInt8]] = [
        [0xC0, 0xAF], [0x61, 0x00], Array(repeating: 0x61, count: 10 * 1024 * 1024 + 1),
    ]

    @Test(arguments: noTexts.indices)
    func nonTextIsLeftAlone(_ index: Int) async throws {
        let bytes = Self.noTexts[index]
        let sidecars = inbox.sidecars()
        try write(bytes)
        try await saved("talk.wav.txt", sidecars)
        #expect(try await texts() == ["Salom, dunyo."])
        try await edit("New.")
        try await sidecars.writer.writeDue(id)
        #expect(try size() == Int64(bytes.count))
        #expect(try inbox.text("talk.wav.kotib.txt") == "New.\n")
        #expect(try await !inbox.isDue(id))

        // Once it is one, it counts, and there are not two.
        try write(Array("Mine.\n".utf8))
        try await saved("talk.wav.txt", sidecars)
        #expect(try await texts() == ["Mine.", "New.", "Salom, dunyo."])
        #expect(try inbox.text("talk.wav.txt") == "Mine.\n")
        #expect(try inbox.names() == ["talk.wav.txt"])
    }
}

// MARK: Two who edit, and crashes

extension EditTests {
    /// Times after which no file is unchanged for long enough, or all are.
    private static let justSaved: @Sendable () -> Int64 = { 0 }
    private static let longAfter: @Sendable () -> Int64 = { .max }

    @Test func fileAndSocketAtOnceKeepBothAndEndEqual() async throws {
        try write(Array("By file.\n".utf8))
        try await edit("By socket.")
        try await inbox.writer(wallClock: Self.justSaved).writeDue(id)
        // Just saved, so it is not written over.
        #expect(try inbox.text("talk.wav.txt") == "By file.\n")
        #expect(try await inbox.isDue(id))
        try await saved()
        #expect(try await texts() == ["By file.", "By socket.", "Salom, dunyo."])
        #expect(try inbox.text("talk.wav.txt") == "By file.\n")
        #expect(try await !inbox.isDue(id))
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    /// Their recordings may follow; if they do not, the texts belong where they were put.
    @Test func textsThatChangedPlacesWithoutTheirRecordings() async throws {
        let inbox = try SidecarFixture()
        var ids: [RecordingID] = []
        for (content, name) in ["a.wav", "b.wav"].enumerated() {
            try inbox.folder.write("speech \(name)", to: "ali/\(name)")
            ids.append(
                try await inbox.transcribed(
                    "Words of \(name).", name: Array(name.utf8), content: UInt8(content)))
            try await inbox.writer().writeDue(ids[content])
        }
        for (from, to) in [("a", "x"), ("b", "a"), ("x", "b")] {
            try inbox.folder.rename("ali/\(from).wav.txt", to: "ali/\(to).wav.txt")
        }
        for (clock, others) in [(Self.justSaved, false), (Self.longAfter, true)] {
            let editor = inbox.sidecars(wallClock: clock).editor
            for name in ["a.wav", "b.wav"] { try await editor.saved(inbox.path(Array("\(name).txt".utf8))) }
            for (index, name) in ["a.wav", "b.wav"].enumerated() {
                let other = name == "a.wav" ? "b.wav" : "a.wav"
                #expect(try await inbox.shown(ids[index])?.text == "Words of \(others ? other : name).")
                #expect(try inbox.text("\(name).txt") == "Words of \(other).\n")
                #expect(try await inbox.owned(ids[index]) == ["ali/\(name).txt"])
            }
        }
    }

    @Test func stableEditIsRecordedBeforeItIsReplaced() async throws {
        try write(Array("By file.\n".utf8))
        try await edit("By socket.")
        try await inbox.writer(wallClock: Self.longAfter).writeDue(id)
        #expect(try await texts() == ["By file.", "By socket.", "Salom, dunyo."])
        #expect(try inbox.text("talk.wav.txt") == "By file.\n")
        #expect(try await !inbox.isDue(id))
    }

    /// The catalog has the words, and the daemon ends at any step before the file does.
    @Test(arguments: [false, true])
    func crashBetweenCatalogAndFileIsMadeGood(isLongAgo: Bool) async throws {
        let clock = isLongAgo ? Self.longAfter : Self.justSaved
        var (stop, wasStopped) = (0, true)
        while wasStopped {
            let words = "Version \(stop)."
            try await edit(words)
            let first = stop
            let faulty = FaultyFileSystem(inbox.disk) { $0.number >= first ? EIO : nil }
            try await inbox.writer(faulty, wallClock: clock).writeDue(id)
            try await inbox.writer(wallClock: clock).writeAllDue()
            let step = faulty.steps.last ?? "nothing"
            #expect(try inbox.text("talk.wav.txt") == words + "\n", "after \(step) failed")
            let revision = try await shown()
            #expect(revision.text == words && revision.origin == .socket, "after \(step) failed")
            #expect(try await !inbox.isDue(id), "after \(step) failed")
            wasStopped = faulty.steps.count > stop
            stop += 1
        }
        #expect(stop > 8)
    }

    @Test func crashBetweenFileAndItsRecordIsNoEdit() async throws {
        try await edit("By socket.\r\n")
        // The file as the writer leaves it if it ends before the registration.
        try write(Array("By socket.\r\n\n".utf8))
        try await saved()
        #expect(try await texts() == ["By socket.\r\n", "Salom, dunyo."])
        try await inbox.writer().writeAllDue()
        #expect(try await !inbox.isDue(id))
    }

    @Test func personsWordsOutlastTheRecordingBeingReplaced() async throws {
        try write(Array("Corrected.\n".utf8))
        try await saved()
        let new = try await inbox.transcribed("New.", content: 2)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.text("talk.wav.txt") == "Corrected.\n")
        #expect(try inbox.text("talk.wav.kotib.txt") == "New.\n")
        #expect(try await !inbox.isDue(new))
        // The file still holds edits of the older recording.
        try write(Array("Corrected twice.\n".utf8))
        try await saved()
        #expect(try await texts().first == "Corrected twice.")
        #expect(try await inbox.catalog.recordings.transcript(of: new)?.text == "New.")

        // Each text keeps its name if the other is removed.
        inbox.folder.remove("ali/talk.wav.txt")
        let edit = TranscriptEdit(
            recording: new, scope: .everyone, text: "Newer.", author: nil, origin: .socket, expected: nil)
        _ = try await inbox.catalog.revisions.edit(edit)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.names() == ["talk.wav.kotib.txt"])
        #expect(try inbox.text("talk.wav.kotib.txt") == "Newer.\n")
    }
}

// MARK: Formats

extension EditTests {
    @Test func everyFormatThatIsWantedStandsThereAndFollowsAnEdit() async throws {
        let sidecars = inbox.sidecars(formats: TranscriptFormat.allCases)
        try await edit("Bir ikki.")
        try await sidecars.writer.writeDue(id)
        #expect(
            try inbox.names() == [
                "talk.wav.json", "talk.wav.md", "talk.wav.srt", "talk.wav.txt", "talk.wav.vtt",
            ])
        for name in try inbox.names() { #expect(try inbox.text(name)?.contains("Bir ikki.") == true) }
        #expect(try inbox.text("talk.wav.srt")?.hasPrefix("1\n00:00:00,000 --> ") == true)
        #expect(try inbox.text("talk.wav.vtt")?.hasPrefix("WEBVTT\n") == true)
        try write(Array("Uch to'rt.\n".utf8))
        try await saved("talk.wav.txt", sidecars)
        for name in try inbox.names() { #expect(try inbox.text(name)?.contains("Uch to'rt.") == true) }
        #expect(try inbox.names().count == 5)
    }

    @Test func anEditedSubtitleIsThePersonsAndStays() async throws {
        let sidecars = inbox.sidecars(formats: [.srt])
        try await edit("Bir.")
        try await sidecars.writer.writeDue(id)
        try inbox.folder.write("mine", to: "ali/talk.wav.srt")
        try await saved("talk.wav.srt", sidecars)
        try await edit("Ikki.")
        try await sidecars.writer.writeDue(id)
        #expect(try inbox.text("talk.wav.srt") == "mine")
        #expect(try inbox.text("talk.wav.kotib.srt")?.contains("Ikki.") == true)
        #expect(try await texts() == ["Ikki.", "Bir.", "Salom, dunyo."])
    }
}
