import KotibModel
import KotibPOSIX
import Testing

@testable import KotibIntake

@Suite struct FolderSettingsTests {
    @Test(
        arguments: [
            ("", nil), ("language = uz", .code("uz")), ("\u{FEFF}language=UZ\r\n", .code("uz")),
            ("# til\r\n\r\n  Language =  ru  ; rus tili\r\n", .code("ru")), ("language = auto\n", .detected),
            ("; language = uz\n", nil),
        ] as [(String, SpokenLanguage?)])
    func spokenText(text: String, language: SpokenLanguage?) throws {
        #expect(try FolderSettings(parsing: Array(text.utf8)).language == language)
    }

    @Test(
        arguments: [
            ("language", .noAssignment(line: 1)), ("\n[kotib]\n", .noAssignment(line: 2)),
            ("\r\nlangauge = uz", .unknownKey(line: 2, key: "langauge", nearest: "language")),
            ("colour = red", .unknownKey(line: 1, key: "colour", nearest: nil)),
            ("language = uz\nlanguage = ru", .repeatedKey(line: 2, key: "language")),
            ("language = uzbek", .unknownLanguage(line: 1, value: "uzbek")),
            ("language =", .unknownLanguage(line: 1, value: "")), ("language = uz\0", .notText),
            (
                "language = \u{1B}[2J" + String(repeating: "x", count: 99),
                .unknownLanguage(line: 1, value: "\\x1b[2J" + String(repeating: "x", count: 36))
            ),
            (String(repeating: "#", count: 4097), .tooLarge(limit: 4096)),
        ] as [(String, FolderSettingsProblem)])
    func invalidSettings(text: String, problem: FolderSettingsProblem) {
        #expect(throws: problem) { try FolderSettings(parsing: Array(text.utf8)) }
    }

    @Test func bytesThatAreNoTextAreNotGuessedAt() {
        #expect(throws: FolderSettingsProblem.notText) {
            try FolderSettings(parsing: [0xFF, 0xFE, 0x6C, 0x00])
        }
    }

    @Test func theFileIsJudgedAsRecordingsAre() throws {
        #expect(try verdict("a/kotib.ini") == .folderSettings)
        #expect(try verdict("a/b/kotib.ini", size: 0) == .folderSettings)
        // Directly in the inbox it is nobody's.
        #expect(try verdict("kotib.ini") == .notARecording)
        #expect(try verdict("a/kotib.ini", kind: .folder) == .notARecording)
        #expect(try verdict("a/Kotib.INI") == .refused(.folderSettings(.wrongCase)))
        for name in [
            "kotib.ini.txt", "KOTIB.INI.TXT", "kotib.ini.ini", "kotib.ini.txt.txt", "kotib.ini ",
            "kotib.ini.",
        ] {
            #expect(try verdict("a/" + name) == .refused(.folderSettings(.wrongName)), "\(name)")
        }
        for name in [
            "kotib.ini.rejected.txt", "kotib.ini.txt.rejected.txt", "kotib.txt", "kotib.initial.txt",
        ] {
            #expect(try verdict("a/" + name) == .notARecording, "\(name)")
        }
        #expect(try verdict("kotib.ini.txt") == .notARecording)
        #expect(try verdict("a/kotib.ini", kind: .symbolicLink) == .refused(.folderSettings(.notOrdinary)))
        #expect(try verdict("a/kotib.ini", kind: .pipe) == .refused(.folderSettings(.notOrdinary)))
        #expect(try verdict("a/kotib.ini", links: 2) == .refused(.folderSettings(.notOrdinary)))
        #expect(try verdict("a/kotib.ini", permissions: 0o200) == .refused(.folderSettings(.unreadable)))
        #expect(try verdict("a/kotib.ini", size: 4097) == .refused(.folderSettings(.tooLarge(limit: 4096))))
    }

    private func verdict(
        _ path: String, kind: FileStatus.Kind = .regular, size: Int64 = 9, links: UInt64 = 1,
        permissions: UInt16 = 0o644
    ) throws -> Verdict {
        let identity = FileIdentity(device: 1, inode: 2, size: size, modified: 3, changed: 4)
        let status = FileStatus(
            identity: identity, kind: kind, permissions: permissions, owner: 0, group: 0, links: links)
        let policy = IntakePolicy(extensions: ["wav"], maximumSize: 100, maximumDuration: 60)
        return policy.classify(try #require(InboxPath(path)), status)
    }
}
