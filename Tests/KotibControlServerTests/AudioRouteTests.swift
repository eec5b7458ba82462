import HTTPTypes
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibSidecars
import KotibTestSupport
import KotibText
import Testing

@testable import KotibControlServer

@Suite struct AudioRouteTests {
    private func recording(
        _ fixture: AudioFixture, by caller: Caller, _ content: String = "speech"
    ) async throws -> AudioRecordBody {
        try await fixture.upload(content, as: "talk.wav", by: caller).decoded(AudioRecordBody.self)
    }

    /// Its words are there.
    private func transcribed(_ fixture: AudioFixture, by caller: Caller) async throws -> AudioRecordBody {
        let id = try await recording(fixture, by: caller).id
        try await fixture.transcribing {
            try await waitUntil("it is transcribed") {
                let entry = try await fixture.parts.catalog.listing.entry(
                    RecordingID(rawValue: id), in: .everyone)
                return entry?.recording.state == .completed
            }
        }
        return try await fixture.call(.get, "\(id)", as: caller).decoded(AudioRecordBody.self)
    }

    private func words(_ text: String) -> [UInt8] { Array("{\"transcript_text\": \"\(text)\"}".utf8) }

    @Test func uploadIsListedReadAndDeleted() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let body = try await transcribed(fixture, by: ali)
        #expect(body.filePath == "ali/talk.wav" && body.originalFilename == "talk.wav")
        #expect(body.fileSize == 6 && body.duration == 1 && body.transcriptionStatus == "completed")
        #expect(body.transcriptText == "Hello there." && body.userName == "ali")
        #expect(body.createdAt.hasSuffix("Z") && body.createdAt.count == 24)
        let list = try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self)
        #expect(list.items == [body] && list.total == 1 && list.skip == 0 && list.limit == 100)
        let answer = try await fixture.call(.delete, "\(body.id)", as: ali)
        #expect(answer.status == .ok && answer.text == "{\"message\":\"Audio yozuv o'chirildi\"}")
        #expect(try await fixture.call(.get, "\(body.id)", as: ali).status == .notFound)
        #expect(try fixture.folder.names(in: "ali").isEmpty)
    }

    /// Nobody learns which users there are (threat 61).
    @Test(arguments: [
        "", "&q=hello", "&status=rejected", "&count=all&limit=5", "&from=2026-01-01", "&before=9",
    ])
    func theListOfAnotherUserIsThatOfNone(query: String) async throws {
        let fixture = try await AudioFixture()
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        let admin = try await fixture.user("boss", role: .admin)
        _ = try await recording(fixture, by: vali)
        for caller in [ali, admin] {
            let none = try await fixture.call(.get, "list?user=nobody\(query)", as: caller)
            let other = try await fixture.call(
                .get, "list?user=\(caller == ali ? "vali" : "ali")\(query)", as: caller)
            #expect(none.status == .ok && none.headers == other.headers)
            let body = try none.decoded(AudioListBody.self)
            #expect(try body == other.decoded(AudioListBody.self))
            #expect(body.items.isEmpty && body.total == 0 && body.isTotalExact == true)
        }
    }

    private static let phone = FileIdentity(device: 1, inode: 1, size: 1000, modified: 1, changed: 1)

    /// ADTS under the name of an MP4 file.
    private func acceptPhone(_ catalog: Catalog) async throws -> RecordingID {
        let facts = AudioFacts(
            mediaType: "audio/x-hx-aac-adts", container: "aac", codec: "aac", duration: 1, channels: 1,
            sampleRate: 16_000, sha256: Array(repeating: 1, count: 32))
        return try await catalog.ingest.accept(
            #require(InboxPath("ali/phone.m4a")), identity: Self.phone, facts: facts
        ).recording
    }

    private func complete(_ id: RecordingID, _ catalog: Catalog) async throws {
        _ = try await catalog.jobs.claim()
        let transcript = Transcript(
            text: "Salom.", segments: [], language: nil, engine: "local", model: "base")
        _ = try await catalog.jobs.complete(id, transcript: transcript, speech: 1, engineSeconds: 1)
    }

    @Test(arguments: [[.mp3, .m4a], [.mp3, .m4a, .aac]] as [Set<AudioFileExtension>])
    func onlyAnEndingThatIsTakenIsNamed(_ endings: Set<AudioFileExtension>) async throws {
        let fixture = try await AudioFixture(endings: endings)
        let ali = try await fixture.user("ali")
        let id = try await acceptPhone(fixture.parts.catalog)
        try await complete(id, fixture.parts.catalog)
        let one = try await fixture.call(.get, "\(id)", as: ali).decoded(AudioRecordBody.self)
        let list = try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self)
        #expect((one.warnings != nil) == endings.contains(.aac))
        #expect(list.items.map(\.warnings) == [one.warnings])
    }

    @Test func aWrongEndingIsNamedAndIsNoDoubt() async throws {
        let fixture = try await AudioFixture()
        let (catalog, ali) = (fixture.parts.catalog, try await fixture.user("ali"))
        let id = try await acceptPhone(catalog)
        func warnings() async throws -> [WarningBody]? {
            try await fixture.call(.get, "\(id)", as: ali).decoded(AudioRecordBody.self).warnings
        }
        #expect(try await warnings() == nil, "it was not transcribed yet")
        try await complete(id, catalog)
        let told = try #require(try await warnings())
        #expect(told.map(\.code) == ["wrong_ending"] && told.allSatisfy { !$0.isDoubt })
        #expect(told.first?.message.contains(".aac") == true)
        #expect(try await catalog.recordings.doubtful(in: .everyone) == 0)
        // Renamed, it is right.
        let recording = try #require(try await catalog.recordings.find(id))
        _ = try await catalog.moves.relocate(
            recording, to: #require(InboxPath("ali/phone.aac")), identity: Self.phone)
        #expect(try await warnings() == nil)
    }

    @Test func whyThereAreNoWordsIsToldInTheCallersLanguage() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await recording(fixture, by: ali).id
        let stored = try #require(try await fixture.parts.catalog.recordings.find(RecordingID(rawValue: id)))
        var (identity, facts) = (stored.identity, try #require(stored.facts))
        (identity.inode, facts.sha256) = (identity.inode + 1, Array(repeating: 9, count: 32))
        facts.sound = nil
        _ = try await fixture.parts.catalog.ingest.accept(stored.path, identity: identity, facts: facts)
        let shown = try await fixture.call(.get, "\(id)", as: ali).decoded(AudioRecordBody.self)
        #expect(shown.errorCode == "superseded" && shown.errorMessage == Sentence.superseded.uzbek)
    }

    /// Its folder has another name for a moment.
    @Test func aDeletionThatWaitsIsSaidAndMayBeAskedForAgain() async throws {
        let fixture = try await AudioFixture()
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        let id = try await transcribed(fixture, by: ali).id
        try fixture.folder.rename("ali", to: ".ali")
        let sentence = Sentence.deletionPending.uzbek
        for _ in 1...2 {
            let answer = try await fixture.call(.delete, "\(id)", as: ali)
            #expect(answer.status == .accepted && answer.text == "{\"message\":\"\(sentence)\"}")
        }
        let shown = try await fixture.call(.get, "\(id)", as: ali)
        #expect(shown.status == .notFound && shown.text.contains(sentence))
        #expect(try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self).total == 0)
        #expect(try await fixture.call(.delete, "\(id)", as: vali).status == .notFound)
        #expect(try await !fixture.call(.get, "\(id)", as: vali).text.contains(sentence))
        try fixture.folder.rename(".ali", to: "ali")
        #expect(try await fixture.call(.delete, "\(id)", as: ali).status == .ok)
        #expect(try fixture.folder.names(in: "ali").isEmpty)
    }

    /// Its file system is not mounted: the folder to mount at has another device.
    @Test func audioOutOfReachIsToldAsSuch() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await fixture.parts.catalog.ingest.accept(
            #require(InboxPath("ali/disk/talk.wav")),
            identity: FileIdentity(device: 1, inode: 1, size: 6, modified: 1, changed: 1),
            facts: AudioFacts(
                mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: Array(repeating: 1, count: 32))
        ).recording
        for (method, path) in [(HTTPRequest.Method.get, "\(id)/file"), (.post, "\(id)/retry")] {
            let answer = try await fixture.call(method, path, as: ali)
            #expect(answer.status == .serviceUnavailable && answer.headers[.retryAfter] == "60")
            let error = try answer.decoded(ErrorBody.self)
            #expect(error.code == "unavailable")
            #expect(error.detail == Sentence.audioUnreachable.text(in: .uzbek))
        }
    }

    @Test func aRefusedFolderIsForItsOwnerToRemove() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let path = try #require(InboxPath("ali/folder.wav"))
        try fixture.folder.makeFolder("ali/folder.wav")
        let id = try await fixture.parts.catalog.ingest.reject(
            path, identity: FileIdentity(device: 1, inode: 1, size: 6, modified: 1, changed: 1),
            rejection: .folder, message: "A folder."
        ).recording
        let answer = try await fixture.call(.delete, "\(id)", as: ali)
        #expect(answer.status == .conflict)
        let error = try answer.decoded(ErrorBody.self)
        #expect(error.code == "wrong_state" && error.detail == Sentence.notAFile.text(in: .uzbek))
        #expect(try await fixture.call(.get, "\(id)", as: ali).status == .ok)
    }

    @Test func nobodySeesAnothersRecording() async throws {
        let fixture = try await AudioFixture()
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        let admin = try await fixture.user("boss", role: .admin)
        let id = try await transcribed(fixture, by: ali).id
        let calls: [(HTTPRequest.Method, String)] = [
            (.get, "\(id)"), (.put, "\(id)"), (.delete, "\(id)"), (.post, "\(id)/retry"),
            (.post, "\(id)/sidecars"),
            (.get, "\(id)/revisions"), (.get, "\(id)/revisions/1"), (.post, "\(id)/revisions/1/restore"),
            (.get, "\(id)/transcript"), (.get, "\(id)/file"), (.get, "file/\(id)"),
        ]
        for (method, path) in calls {
            let answer = try await fixture.call(method, path, as: vali, words("mine"))
            #expect(answer.status == .notFound, "\(method) \(path)")
            let stranger = try await fixture.call(method, path, as: nil, words("mine"))
            #expect(stranger.status == .unauthorized, "\(method) \(path)")
        }
        #expect(try await fixture.call(.get, "list", as: nil).status == .unauthorized)
        #expect(try await fixture.call(.get, "list", as: vali).decoded(AudioListBody.self).total == 0)
        #expect(
            try await fixture.call(.get, "list?user=ali", as: vali).decoded(AudioListBody.self).total == 0)
        for caller in [admin, .localOperator] {
            let list = try await fixture.call(.get, "list?user=ali", as: caller)
            #expect(try list.decoded(AudioListBody.self).total == 1)
            #expect(try await fixture.call(.get, "\(id)", as: caller).status == .ok)
        }
    }

    @Test func secondEditOfTheSameWordsIsAConflict() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let body = try await transcribed(fixture, by: ali)
        let tag = try #require(try await fixture.call(.get, "\(body.id)", as: ali).headers[.eTag])
        let first = try await fixture.call(
            .put, "\(body.id)", as: ali, words("one"), headers: [.ifMatch: "\"x\", \(tag)"])
        #expect(first.status == .ok && first.headers[.eTag] != tag)
        #expect(try first.decoded(AudioRecordBody.self).transcriptText == "one")
        #expect(fixture.folder.read("ali/talk.wav.txt") == "one\n")
        for stale in [tag, "W/\(tag)", "\"x\""] {
            let second = try await fixture.call(
                .put, "\(body.id)", as: ali, words("two"), headers: [.ifMatch: stale])
            #expect(second.status == .conflict)
            let error = try second.decoded(ErrorBody.self)
            #expect(error.code == "conflict" && error.current?.text == "one" && error.yours == "two")
        }
        let forced = try await fixture.call(
            .put, "\(body.id)", as: ali, words("two"), headers: [.ifMatch: "*"])
        #expect(forced.status == .ok)
        let revisions = try await fixture.call(.get, "\(body.id)/revisions", as: ali)
            .decoded(RevisionListBody.self).items
        #expect(revisions.map(\.text) == ["two", "one", "Hello there."])
        #expect(revisions.map(\.author) == ["ali", "ali", nil])
        let oldest = try #require(revisions.last?.id)
        let path = "\(body.id)/revisions/\(oldest)"
        #expect(try await fixture.call(.get, path, as: ali).decoded(RevisionBody.self).origin == "engine")
        let restored = try await fixture.call(.post, "\(path)/restore", as: ali)
        #expect(try restored.decoded(AudioRecordBody.self).transcriptText == "Hello there.")
    }

    /// A text that can be transcribed and edited in the folder can be edited here.
    @Test func aDaysSpeechInCyrillicCanBeEdited() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await transcribed(fixture, by: ali).id
        // Two bytes per letter, which this client escapes as six: 9 MiB of JSON.
        let text = String(repeating: "ш", count: 1_500_000)
        let answer = try await fixture.call(
            .put, "\(id)", as: ali, words(String(repeating: #"\u0448"#, count: 1_500_000)))
        #expect(answer.status == .ok)
        #expect(try answer.decoded(AudioRecordBody.self).transcriptText == text)
        #expect(fixture.folder.read("ali/talk.wav.txt") == text + "\n")
    }

    @Test func aTextThatNoFileMayHoldIsRefused() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await transcribed(fixture, by: ali).id
        let long = try await fixture.call(
            .put, "\(id)", as: ali, words(String(repeating: "a", count: Sidecars.longestText + 1)))
        #expect(long.status == .contentTooLarge)
        let zero = try await fixture.call(.put, "\(id)", as: ali, words(#"a\u0000b"#))
        #expect(zero.status == .unprocessableContent)
        #expect(fixture.folder.read("ali/talk.wav.txt") == "Hello there.\n")
    }

    @Test func wordsComeInEveryFormat() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await recording(fixture, by: ali).id
        let early = try await fixture.call(.get, "\(id)/transcript", as: ali)
        #expect(early.status == .conflict)
        #expect(try early.decoded(ErrorBody.self).detail == "Matn ishlanmoqda...")
        #expect(try await fixture.call(.put, "\(id)", as: ali, words("x")).status == .conflict)
        #expect(try await fixture.call(.post, "\(id)/retry", as: ali).status == .conflict)
        try await fixture.transcribing {
            try await waitUntil("it is transcribed") {
                try await fixture.call(.get, "\(id)/transcript", as: ali).status == .ok
            }
        }
        let text = try await fixture.call(.get, "\(id)/transcript", as: ali)
        #expect(text.text == "Hello there.\n")
        #expect(text.headers[.contentType] == "text/plain; charset=utf-8")
        for format in TranscriptFormat.allCases {
            let answer = try await fixture.call(.get, "\(id)/transcript?format=\(format.rawValue)", as: ali)
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType]?.hasSuffix("; charset=utf-8") == true)
        }
        let pdf = try await fixture.call(.get, "\(id)/transcript?format=pdf", as: ali)
        #expect(pdf.status == .unprocessableContent)
    }

    @Test(arguments: [
        "list?limit=0", "list?limit=1001", "list?limit=x", "list?skip=-1", "list?before=x",
        "list?status=done",
        "list?from=yesterday", "list?from=10000-01-01T00:00:00Z", "list?count=some", "list?until=2026-13-01",
        "list?min_duration=-1", "list?max_duration=nan", "x",
        "1/revisions/x", "99999999999999999999",
    ]) func malformedInputIsRefused(_ path: String) async throws {
        let fixture = try await AudioFixture()
        #expect(try await fixture.call(.get, path, as: .localOperator).status == .unprocessableContent)
    }

    @Test func listIsFiltered() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        for content in ["one", "two", "three"] { _ = try await recording(fixture, by: ali, content) }
        let counts = [
            "": 3, "status=all": 3, "status=pending,failed": 3, "status=completed": 0, "from=2020-01-01": 3,
            "count=all": 3,
            "until=2020-01-01T00:00:00Z": 0, "min_duration=0.5&max_duration=1.5": 3, "min_duration=2": 0,
            "user=nobody": 0,
        ]
        for (query, total) in counts {
            let list = try await fixture.call(.get, "list?\(query)", as: .localOperator)
            #expect(try list.decoded(AudioListBody.self).total == total, "\(query)")
        }
        let page = try await fixture.call(.get, "list?limit=2", as: ali).decoded(AudioListBody.self)
        let next = try #require(page.next)
        let rest = try await fixture.call(.get, "list?limit=2&before=\(next)", as: ali)
            .decoded(AudioListBody.self)
        #expect(page.items.count == 2 && rest.items.count == 1 && rest.next == nil && rest.total == 3)
    }
}
