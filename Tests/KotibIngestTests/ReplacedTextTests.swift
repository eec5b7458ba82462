import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// Another recording has taken a recording's name: what is saved beside it from then on are its words.
@Suite struct ReplacedTextTests {
    private func revisions(_ id: RecordingID, _ inbox: IngestFixture) async throws -> Set<String> {
        Set(try await inbox.catalog.listing.revisions(of: id)?.map(\.text) ?? [])
    }

    private func save(_ words: String, _ name: String, byRename: Bool, _ inbox: IngestFixture) throws {
        try inbox.folder.write(words + "\n", to: byRename ? "ali/.saved" : name)
        if byRename { try inbox.folder.rename("ali/.saved", to: name) }
    }

    private func awaitWords(_ words: String, of id: RecordingID, _ inbox: IngestFixture) async throws {
        try await waitUntil("the words are \(words)") {
            // As a scan tells of a text that was not read yet.
            if let text = try await inbox.catalog.recordings.find(id).map({ "\($0.path.text).txt" }),
                inbox.folder.read(text) != nil
            {
                try await inbox.handle(text)
            }
            await inbox.pipeline.handle(.scanFinished)
            return try await inbox.catalog.recordings.transcript(of: id)?.text == words
        }
    }

    /// - Parameter isCorrected: whether a person had corrected the earlier text, which stays then.
    @Test(arguments: [false, true], [false, true])
    func aTextThatIsSavedLaterIsTheNewOnes(_ isCorrected: Bool, _ byRename: Bool) async throws {
        let inbox = try IngestFixture(engine: FakeEngine { job, _ in FakeEngine.result("\(job.size) bytes") })
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop("first")).id
            try await inbox.awaitText("5 bytes")
            if isCorrected {
                try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
                try await inbox.handle("ali/talk.wav.txt")
            }
            let second = try #require(try await inbox.drop("second one")).id
            try #require(second != first)
            try await awaitWords("10 bytes", of: second, inbox)
            try await waitUntil("its text is there") { try await inbox.current()?.sidecarDue == nil }
            try save("Of the second.", "ali/talk.wav.txt", byRename: byRename, inbox)
            try await inbox.handle("ali/talk.wav.txt")
            try await awaitWords("Of the second.", of: second, inbox)
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
            #expect(inbox.folder.read("ali/talk.wav.txt") == "Of the second.\n")
            #expect(try await revisions(first, inbox) == (isCorrected ? ["5 bytes", "Mine."] : ["5 bytes"]))
            // The first comes back under another name, with its own words.
            try await inbox.drop("first", "ali/again.wav")
            #expect(try await inbox.current("ali/again.wav")?.id == first)
            try await inbox.awaitText(isCorrected ? "Mine." : "5 bytes", beside: "ali/again.wav")
        }
    }

    /// The earlier file comes back under its own name, as from a backup.
    @Test(arguments: [false, true]) func aRestoredRecordingHasItsWords(_ isCorrected: Bool) async throws {
        let engine = FakeEngine { job, _ in FakeEngine.result("\(job.size) bytes") }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop("first")).id
            try await inbox.awaitText("5 bytes")
            if isCorrected {
                try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
                try await inbox.handle("ali/talk.wav.txt")
            }
            let second = try #require(try await inbox.drop("second one")).id
            try await awaitWords("10 bytes", of: second, inbox)
            try await waitUntil("its text is there") { try await inbox.current()?.sidecarDue == nil }
            #expect(try await inbox.drop("first")?.id == first)
            try await inbox.awaitText(isCorrected ? "Mine." : "5 bytes")
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
            #expect(try await revisions(second, inbox).contains("10 bytes"))
            #expect(engine.calls.count == 2)
            #expect(inbox.logged("recording restored") == 1)
        }
    }

    /// A recording is put in the place of another together with its own text.
    @Test(arguments: [false, true], [false, true])
    func aTextThatComesAlongIsTheNewOnes(_ isTextFirst: Bool, _ isTextNoticedFirst: Bool) async throws {
        let inbox = try IngestFixture(engine: FakeEngine { job, _ in FakeEngine.result("\(job.size) bytes") })
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop("first")).id
            try await inbox.awaitText("5 bytes")
            try inbox.folder.write("second one", to: "audio")
            try inbox.folder.write("Of the second.\n", to: "text")
            let steps = [("audio", "ali/talk.wav"), ("text", "ali/talk.wav.txt")]
            for (from, to) in isTextFirst ? steps.reversed() : steps { try inbox.folder.rename(from, to: to) }
            let names = ["ali/talk.wav", "ali/talk.wav.txt"]
            for name in isTextNoticedFirst ? names.reversed() : names { try await inbox.handle(name) }
            let second = try #require(try await inbox.current()).id
            try await awaitWords("Of the second.", of: second, inbox)
            #expect(try await revisions(first, inbox) == ["5 bytes"])
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
        }
    }

    /// The first owner keeps the words, and gets none of the other's.
    @Test(arguments: [false, true], [false, true])
    func recordingsThatChangeUsersLeaveTheirWords(_ isTextFirst: Bool, _ isReversed: Bool) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("vali")
        let names = ["ali/a.wav", "vali/b.wav"]
        var ids: [RecordingID] = []
        try await inbox.transcribing {
            for name in names {
                ids.append(try #require(try await inbox.drop("speech of \(name)", name)).id)
                try await inbox.awaitText("Hello.", beside: name)
                try inbox.folder.write("Words of \(name).\n", to: name + ".txt")
                try await inbox.handle(name + ".txt")
            }
            for ending in ["", ".txt"] {
                for (from, to) in [(names[0], "aside"), (names[1], names[0]), ("aside", names[1])] {
                    try inbox.folder.rename(
                        from + (from == "aside" ? "" : ending), to: to + (to == "aside" ? "" : ending))
                }
            }
            var events = names + names.map { $0 + ".txt" }
            if isTextFirst { events = Array(events[2...] + events[..<2]) }
            for name in isReversed ? events.reversed() : events { try await inbox.handle(name) }
            for (index, name) in names.enumerated() {
                let new = try #require(try await inbox.current(name))
                #expect(!ids.contains(new.id))
                try await awaitWords("Words of \(names[1 - index]).", of: new.id, inbox)
                #expect(try await revisions(ids[index], inbox) == ["Hello.", "Words of \(name)."])
                #expect(inbox.folder.read(name + ".txt") == "Words of \(names[1 - index]).\n")
            }
        }
    }
}
