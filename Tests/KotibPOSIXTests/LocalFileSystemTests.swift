import Dispatch
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibPOSIX

@Suite struct LocalFileSystemTests {
    let folder: TemporaryFolder
    let fileSystem: LocalFileSystem

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox/user")
        fileSystem = LocalFileSystem(try InboxRoot(path: folder.path("inbox")))
    }

    @Test func everyKindIsToldAndOnlyRegularFilesAreOpened() throws {
        try folder.write("words", to: "inbox/regular")
        #expect(mkfifo(folder.path("inbox/pipe"), 0o644) == 0)
        #expect(symlink("regular", folder.path("inbox/link")) == 0)
        let kinds: [(String, FileStatus.Kind)] = [
            ("regular", .regular), ("pipe", .pipe), ("link", .symbolicLink), ("user", .folder),
        ]
        for (name, kind) in kinds {
            let path = try #require(InboxPath(name))
            #expect(try fileSystem.examine(path)?.kind == kind)
            if kind == .regular {
                #expect(try fileSystem.openForReading(path).status.identity.size == 5)
            } else {
                // A pipe without a writer would hang an ordinary open for ever.
                #expect(throws: FileError.notRegular(kind)) { _ = try fileSystem.openForReading(path) }
            }
        }
    }

    @Test func missingEntryIsNil() throws {
        try folder.write("", to: "inbox/file")
        #expect(symlink("user", folder.path("inbox/link")) == 0)
        for name in ["missing", "missing/below", "file/below", "link/below"] {
            #expect(try fileSystem.examine(#require(InboxPath(name))) == nil)
        }
    }

    /// A folder on the way is swapped for a link to the outside and back, as fast as can be.
    @Test func aSwapOfFolderAndLinkNeverLeadsOutside() throws {
        try folder.makeFolder("outside")
        try folder.write("canary", to: "outside/talk.mp3")
        try folder.write("inside", to: "inbox/user/talk.mp3")
        #expect(symlink("../outside", folder.path("inbox/link")) == 0)
        let canary = try inode(folder.path("outside/talk.mp3"))
        let path = try #require(InboxPath("user/talk.mp3"))
        let root = fileSystem.root
        let (stop, swapped) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        DispatchQueue(label: "swapper").async {
            let swapper = LocalFileSystem(root)
            while stop.wait(timeout: .now()) == .timedOut {
                try? swapper.rename(Array("user".utf8), to: Array("link".utf8), in: root.folder, .exchange)
            }
            swapped.signal()
        }
        var (opened, refused) = (0, 0)
        for _ in 0..<30_000 {
            if let file = try? fileSystem.openForReading(path) {
                #expect(file.status.identity.inode != canary)
                opened += 1
            } else {
                refused += 1
            }
        }
        stop.signal()
        swapped.wait()
        #expect(opened > 0 && refused > 0)
    }

    @Test func aFileSwappedForALinkIsNeverFollowed() throws {
        try folder.write("canary", to: "canary")
        try folder.write("inside", to: "inbox/talk.mp3")
        #expect(symlink("../canary", folder.path("inbox/link")) == 0)
        let canary = try inode(folder.path("canary"))
        let path = try #require(InboxPath("talk.mp3"))
        let root = fileSystem.root
        for _ in 0..<2_000 {
            try fileSystem.rename(Array("talk.mp3".utf8), to: Array("link".utf8), in: root.folder, .exchange)
            let inode = try? fileSystem.openForReading(path).status.identity.inode
            #expect(inode != canary)
        }
    }

    @Test func namesWithASlashAreNoNames() {
        #expect(throws: FileError.self) {
            try fileSystem.unlink(Array("user/../../x".utf8), in: fileSystem.root.folder)
        }
        #expect(throws: FileError.self) {
            _ = try fileSystem.create(Array("..".utf8), in: fileSystem.root.folder)
        }
    }

    @Test func renameWithoutReplaceKeepsWhatIsThere() throws {
        try folder.write("a", to: "inbox/a")
        try folder.write("b", to: "inbox/b")
        let (a, b) = (Array("a".utf8), Array("b".utf8))
        #expect(throws: FileError.self) { try fileSystem.rename(a, to: b, in: fileSystem.root.folder, .keep) }
        #expect(throws: FileError.self) { try fileSystem.link(a, to: b, in: fileSystem.root.folder) }
        #expect(folder.read("inbox/b") == "b")
        try fileSystem.link(a, to: Array("c".utf8), in: fileSystem.root.folder)
        #expect(try folder.names(in: "inbox") == ["b", "c", "user"])
        #expect(folder.read("inbox/c") == "a")
    }

    @Test func listingGivesEveryNameAsItsBytesInBoundedParts() throws {
        let names = (1...255).filter { $0 != 47 }.map { [UInt8(ascii: "x"), UInt8($0)] }
        for name in names { try folder.write([1], to: Array("inbox/user/".utf8) + name) }
        let listing = try fileSystem.list(fileSystem.openFolder(InboxPath("user")))
        var seen: [[UInt8]] = []
        while true {
            let part = try listing.next(100)
            if part.isEmpty { break }
            #expect(part.count <= 100)
            seen += part.map(\.name)
        }
        #expect(Set(seen) == Set(names) && seen.count == names.count)
    }

    @Test func aTimeBeyondNanosecondsDoesNotTrap() throws {
        #expect(FileStatus.nanoseconds(timespec(tv_sec: .max, tv_nsec: 5)) == .max)
        #expect(FileStatus.nanoseconds(timespec(tv_sec: .min, tv_nsec: 5)) == .min)
        #expect(FileStatus.nanoseconds(timespec(tv_sec: 9_223_372_036, tv_nsec: 999_999_999)) == .max)
        #expect(FileStatus.nanoseconds(timespec(tv_sec: 2, tv_nsec: 5)) == 2_000_000_005)
    }

    @Test func theRootKnowsWhenItWasReplaced() throws {
        let root = fileSystem.root
        #expect(root.isCurrent())
        try folder.rename("inbox", to: "moved")
        #expect(!root.isCurrent())
        #expect(throws: SystemError.self) { try root.reopen() }
        try folder.makeFolder("inbox")
        #expect(!root.isCurrent())
        try root.reopen()
        #expect(root.isCurrent())
        try folder.write("x", to: "inbox/new")
        #expect(try fileSystem.examine(#require(InboxPath("new"))) != nil)
    }

    private func inode(_ path: String) throws -> UInt64 {
        var status = stat()
        try SystemError.check("stat") { stat(path, &status) }
        return UInt64(status.st_ino)
    }
}
