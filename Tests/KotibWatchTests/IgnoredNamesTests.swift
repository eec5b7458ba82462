import Testing

@testable import KotibWatch

@Suite struct IgnoredNamesTests {
    private let standard = IgnoredNames.standard

    private func isIgnored(file name: String) -> Bool { standard.isIgnored(file: Array(name.utf8)) }
    private func isIgnored(folder name: String) -> Bool { standard.isIgnored(folder: Array(name.utf8)) }

    /// Names that clients give to partial files, to their own notes and to locks.
    @Test(arguments: [
        ("OpenSSH and WinSCP", ["talk.mp3.filepart", "TALK.MP3.FILEPART"]),
        ("rsync", [".talk.mp3.Xy12Zz", ".talk.mp3.a1B2c3"]),
        ("rclone", ["talk.mp3.a1b2c3d4.partial", "talk.mp3.PARTIAL", ".a1b2c3d4.partial"]),
        ("lftp", [".in.talk.mp3."]),
        ("Syncthing", [".syncthing.talk.mp3.tmp", "~syncthing~talk.mp3.tmp", ".stignore"]),
        (
            "Nextcloud and ownCloud",
            [
                ".talk.mp3.~2f3a1b", "talk.mp3.part", "talk.mp3.ocTransferId1234567.part",
                ".~lock.talk.odt#", ".sync_a1b2c3.db", ".owncloudsync.log", ".nextcloudsync.log",
            ]
        ),
        ("Dropbox", [".dropbox", ".dropbox.attr", "~$talk.mp3", ".~talk.mp3", "~talk.tmp", "Icon\r"]),
        ("Resilio Sync", ["talk.mp3.!sync", ".SyncID"]),
        (
            "browsers",
            [
                "talk.mp3.part", "talk.mp3.crdownload", "Unconfirmed 123456.crdownload",
                "talk.mp3.opdownload",
                "talk.mp3.download", "talk.mp3.a1b2c3.partial", "talk.mp3.fdmdownload",
            ]
        ),
        ("download programs", ["talk.mp3.aria2", "talk.m4a.ytdl", "talk.mp3.!qB", "talk.mp3.!ut"]),
        (
            "Finder",
            [
                ".DS_Store", "._talk.mp3", ".localized", ".apdisk", ".VolumeIcon.icns",
                "talk.mp3.txt.sb-1a2b3c4d-XyZ123", "talk.mp3:AFP_AfpInfo", "talk.mp3:AFP_Resource",
            ]
        ),
        (
            "Windows",
            [
                "Thumbs.db", "THUMBS.DB", "ehthumbs.db", "desktop.ini", "Desktop.INI", "~$talk.docx",
                "~WRD0001.tmp",
                "~talk.TMP", "talk.mp3:Zone.Identifier",
            ]
        ),
        ("Samba and NFS", [".smbdelete001", ".::TMPNAME:D:1234%5:talk", ".nfs000000000123"]),
        ("GNOME and KDE", [".goutputstream-ABCDEF", ".directory", ".fuse_hidden0001", "talk.mp3.part"]),
        ("editors", [".talk.txt.swp", ".talk.txt.swo", "talk.txt~", "#talk.txt#", ".#talk.txt"]),
        ("Synology and QNAP", ["@SynoResource", ".@__thumb"]),
        ("Android", [".pending-1700000000-talk.mp3", ".trashed-1700000000-talk.mp3", ".nomedia"]),
        ("Kotib", [".kotib-1f.tmp", ".kotib-1f-2.swap"]),
    ])
    func filesOfClientsArePassedOver(_ client: String, _ names: [String]) {
        for name in names { #expect(isIgnored(file: name), "\(client): \(name)") }
    }

    @Test(arguments: [
        ("Syncthing", [".stfolder", ".stversions"]), ("rsync", [".rsync-partial", ".~tmp~"]),
        ("Dropbox", [".dropbox.cache"]),
        ("Finder", [".Spotlight-V100", ".Trashes", ".fseventsd", ".TemporaryItems", "__MACOSX"]),
        ("Safari", ["talk.mp3.download"]), ("TextEdit", ["talk.mp3.txt.sb-1a2b3c4d-XyZ123"]),
        ("Windows", ["$RECYCLE.BIN", "System Volume Information", "RECYCLER", "FOUND.000"]),
        ("Synology", ["@eaDir", "#recycle", "#snapshot", "@tmp"]),
        ("QNAP", ["@Recycle", "@Recently-Snapshot"]),
        ("Netatalk", [".AppleDouble", "Network Trash Folder", "Temporary Items"]),
        ("Linux", ["lost+found", ".Trash-1000"]),
    ])
    func foldersOfClientsAreNotEntered(_ client: String, _ names: [String]) {
        for name in names { #expect(isIgnored(folder: name), "\(client): \(name)") }
    }

    @Test(arguments: [
        "talk.mp3", "part", "talk.part.mp3", "interview.part.mp3", "~meeting.mp3", "~talk~.wav",
        "thumbs.db.mp3",
        "tmp.mp3", "talk.tmp.mp3", "-rf.wav", "talk.mp3.txt", "$1.m4a", "#1 talk.mp3", "@talk.mp3",
        "download.mp3",
        "lost+found.mp3", "desktop.ini.wav", "talk.sb-1.mp3", "Icon.mp3", "talk:zone.mp3", "talk?.mp3",
    ])
    func recordingsAreNot(_ name: String) {
        #expect(!isIgnored(file: name))
    }

    @Test(arguments: [
        "alisher", "998901234567", "talk.part", "download", "recycle", "tmp", "~alisher", "found.mp3",
    ])
    func peoplesFoldersAreEntered(_ name: String) {
        #expect(!isIgnored(folder: name))
    }

    // MARK: The administrator's own

    @Test func patternsAddToTheBuiltInNames() {
        let names = IgnoredNames(adding: ["draft-*", "old/", "*.bak.[0-9]"])
        #expect(names.isIgnored(file: Array("Draft-1.mp3".utf8)))
        #expect(names.isIgnored(folder: Array("draft-2026".utf8)))
        #expect(names.isIgnored(file: Array("talk.mp3.bak.7".utf8)))
        #expect(names.isIgnored(folder: Array("OLD".utf8)))
        #expect(!names.isIgnored(file: Array("old".utf8)), "a pattern with / is for folders")
        #expect(names.isIgnored(file: Array("Thumbs.db".utf8)))
        #expect(!names.isIgnored(file: Array("talk.mp3".utf8)))
    }

    @Test func anExclamationMarkTakesNamesBack() {
        let names = IgnoredNames(adding: ["!*.part", "!.talks/", "!.kotib-*", "a*", "!ab*", #"\!c*"#])
        #expect(!names.isIgnored(file: Array("talk.part".utf8)))
        #expect(names.isIgnored(file: Array("talk.partial".utf8)))
        #expect(!names.isIgnored(folder: Array(".talks".utf8)))
        #expect(names.isIgnored(file: Array(".talks".utf8)), "taken back for folders alone")
        #expect(names.isIgnored(file: Array(".kotib-1f.tmp".utf8)), "Kotib's own are never taken")
        #expect(names.isIgnored(file: Array("a.mp3".utf8)))
        #expect(!names.isIgnored(file: Array("abc.mp3".utf8)))
        #expect(names.isIgnored(file: Array("!c.mp3".utf8)))
    }

    @Test func nothingAddedIsTheStandard() {
        #expect(IgnoredNames(adding: []) == .standard)
    }

    @Test func everyBuiltInPatternIsOne() {
        for text in IgnoredNames.files + IgnoredNames.folders {
            #expect(IgnoredNames.isPattern(text), "\(text)")
            #expect(text == text.lowercased(), "\(text) is compared with names in lower case")
        }
    }
}
