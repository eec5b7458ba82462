import KotibModel
import KotibPOSIX
import Testing

@testable import KotibIntake

@Suite struct IntakePolicyTests {
    private let policy = IntakePolicy(
        extensions: [".mp3", "WAV", ".m4a", ".flac"], maximumSize: 52_428_800, maximumDuration: 60)

    private func verdict(
        _ path: String, kind: FileStatus.Kind = .regular, size: Int64 = 100, links: UInt64 = 1,
        permissions: UInt16 = 0o644
    ) throws -> Verdict {
        let identity = FileIdentity(device: 1, inode: 2, size: size, modified: 3, changed: 4)
        let status = FileStatus(
            identity: identity, kind: kind, permissions: permissions, owner: 0, group: 0, links: links)
        return policy.classify(try #require(InboxPath(path)), status)
    }

    @Test(arguments: ["a/b.mp3", "a/B.MP3", "a/x/y/z.wav", "a/b.c.flac", "a/тест.m4a"])
    func takesRecordings(path: String) throws {
        guard case .inspect = try verdict(path) else {
            Issue.record("\(path) was not taken")
            return
        }
    }

    @Test func refusesOtherEndings() throws {
        for path in ["a/photo.jpg", "a/mp3", "a/.mp3", "a/b.mp3.exe"] {
            #expect(
                try verdict(path)
                    == .refused(.unsupportedExtension(accepted: ["mp3", "wav", "m4a", "flac"])))
        }
    }

    @Test func leavesTextsAndFoldersAlone() throws {
        for path in ["a/b.mp3.txt", "a/notes.TXT", "a/b.srt", "README"] {
            #expect(try verdict(path) == .notARecording)
        }
        #expect(try verdict("a/folder", kind: .folder) == .notARecording)
        #expect(try verdict("x.mp3", kind: .folder) == .notARecording)
    }

    @Test func sizeLimitIsExact() throws {
        #expect(try verdict("a/b.mp3", size: 52_428_800) == .inspect(fileExtension: "mp3"))
        #expect(
            try verdict("a/b.mp3", size: 52_428_801)
                == .refused(.tooLarge(size: 52_428_801, limit: 52_428_800)))
        #expect(try verdict("a/b.mp3", size: 0) == .refused(.empty))
    }

    @Test func refusesWhatIsNoOrdinaryFile() throws {
        #expect(try verdict("a/b.mp3", kind: .symbolicLink) == .refused(.symbolicLink))
        #expect(try verdict("a/b.mp3", kind: .pipe) == .refused(.special))
        #expect(try verdict("a/b.mp3", kind: .folder) == .refused(.folder))
        #expect(try verdict("a/b.mp3", links: 2) == .refused(.hardLink))
        #expect(try verdict("a/b.mp3", permissions: 0o200) == .refused(.unreadable))
        #expect(try verdict("b.mp3") == .refused(.noFolder))
        #expect(try verdict("ali", kind: .symbolicLink) == .refused(.linkedFolder))
        #expect(try verdict("a/sub", kind: .symbolicLink) == .refused(.linkedFolder))
        #expect(try verdict("top.wav", kind: .symbolicLink) == .refused(.symbolicLink))
        #expect(try verdict("notes.txt", kind: .symbolicLink) == .notARecording)
    }

    /// Names that look as if they ended in “.mp3”.
    @Test(arguments: [
        "talk.mp3 ", "talk.mp3.", "talk.mp3\u{a0}", "talk.mp3 . ", "talk. mp3", "talk.mp3\u{200b}",
        "talk.mp3\u{200e}",
        "talk.mp3\r", "talk.MP3\t", "talk.м\u{440}3", "talk.ＭＰ３",
        "talk.mp3 (1)", "talk.mp3(12)", "talk.mp3 (1) ", "talk,mp3", "talk;mp3", "talk.mp3_", "talk.mp3~",
        "talk mp3", "talk_MP3", "talk-mp3", "talk.mpga", "a.b mp3",
    ])
    func anEndingThatOnlyLooksRightIsToldAsThat(_ name: String) throws {
        #expect(try verdict("a/" + name) == .refused(.lookalikeExtension(meant: "mp3")))
    }

    @Test(arguments: [
        ("talk.wave", "wav"), ("talk.m4b", "m4a"), ("talk.mp4a (2)", "m4a"), ("talk,flac", "flac"),
    ])
    func anotherSpellingOfAnEndingIsTold(_ name: String, _ meant: String) throws {
        #expect(try verdict("a/" + name) == .refused(.lookalikeExtension(meant: meant)))
    }

    @Test(arguments: [
        "talk.mp4 ", "talk", "mp3.", "talk.mp3x", "talk.mp.3", "mp3 (1)", "_mp3", "talk (mp3)",
        "talk.mp3 (a)",
        "talkmp3", "talk.3gpp", "()",
    ])
    func otherEndingsAreJustNotTaken(_ name: String) throws {
        #expect(
            try verdict("a/" + name)
                == .refused(.unsupportedExtension(accepted: ["mp3", "wav", "m4a", "flac"])))
    }
}
