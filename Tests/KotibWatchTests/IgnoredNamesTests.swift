import KotibWatch
import Testing

@Suite struct IgnoredNamesTests {
    @Test(arguments: [
        ".DS_Store", "._talk.mp3", "desktop.ini", "Desktop.INI", "Thumbs.db", "~$talk.mp3",
        "~syncthing~talk.mp3.tmp",
        ".syncthing.talk.mp3.tmp", "talk.mp3.filepart", "talk.mp3.part", "talk.mp3.PARTIAL",
        "talk.mp3.crdownload",
        ".goutputstream-ABCDEF", ".smbdelete001", ".talk.mp3.Xy12Zz", ".kotib-1f.tmp", ".kotib-1f-2.swap",
    ])
    func temporaryAndSystemFilesArePassedOver(_ name: String) {
        #expect(IgnoredNames.isIgnored(file: Array(name.utf8)))
    }

    @Test(arguments: [
        "talk.mp3", "part", "talk.part.mp3", "thumbs.db.mp3", "-rf.wav", "talk.mp3.txt", "$1.m4a",
    ])
    func recordingsAreNot(_ name: String) {
        #expect(!IgnoredNames.isIgnored(file: Array(name.utf8)))
    }

    @Test(arguments: [
        ".stfolder", ".stversions", ".Trash-1000", "@eaDir", "__MACOSX", "#recycle", "@Recycle",
        "$RECYCLE.BIN",
        "System Volume Information", "lost+found",
    ])
    func systemFoldersAreNotEntered(_ name: String) {
        #expect(IgnoredNames.isIgnored(folder: Array(name.utf8)))
        #expect(!IgnoredNames.isIgnored(folder: Array("alisher".utf8)))
    }
}
