import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@Suite struct AtomicFileTests {
    let folder: TemporaryFolder
    let fileSystem: LocalFileSystem
    let atomic: AtomicFile
    let path: InboxPath

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("user")
        fileSystem = LocalFileSystem(try InboxRoot(path: folder.path))
        atomic = AtomicFile(fileSystem)
        path = try #require(InboxPath("user/talk.mp3.txt"))
    }

    @Test func writesTheWholeFileAndTellsItsIdentity() throws {
        let text = String(repeating: "so'z ", count: 100_000)
        let status = try atomic.write(Array(text.utf8), at: path)
        #expect(folder.read("user/talk.mp3.txt") == text)
        #expect(try fileSystem.examine(path) == status)
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func neverTakesTheNameOfAnotherFile() throws {
        try folder.write("mine", to: "user/talk.mp3.txt")
        #expect(throws: FileError.occupied(path: path.text)) { try atomic.write([1], at: path) }
        #expect(folder.read("user/talk.mp3.txt") == "mine")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func replacesItsOwnFile() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        let second = try atomic.write(Array("second".utf8), at: path, replacing: first.identity)
        #expect(folder.read("user/talk.mp3.txt") == "second")
        #expect(second.identity.inode != first.identity.inode)
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func replacesItsOwnFileAfterAChangeOfModeAlone() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        #expect(chmod(folder.path("user/talk.mp3.txt"), 0o600) == 0)
        _ = try atomic.write(Array("second".utf8), at: path, replacing: first.identity)
        #expect(folder.read("user/talk.mp3.txt") == "second")
    }

    @Test func anEditedFileIsNotReplaced() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        try folder.write("edited by its owner", to: "user/talk.mp3.txt")
        #expect(throws: FileError.occupied(path: path.text)) {
            try atomic.write(Array("second".utf8), at: path, replacing: first.identity)
        }
        #expect(folder.read("user/talk.mp3.txt") == "edited by its owner")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    /// The stranger comes between the look and the exchange: what came out goes back.
    @Test func aStrangersFileThatComesAtTheLastInstantIsPutBack() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        let folder = folder
        let racing = FaultyFileSystem(fileSystem) { step in
            guard step.name == "rename exchange", folder.read("user/talk.mp3.txt") == "first" else {
                return nil
            }
            folder.remove("user/talk.mp3.txt")
            try? folder.write("a stranger's", to: "user/talk.mp3.txt")
            return nil
        }
        #expect(throws: FileError.occupied(path: path.text)) {
            try AtomicFile(racing).write(Array("second".utf8), at: path, replacing: first.identity)
        }
        #expect(folder.read("user/talk.mp3.txt") == "a stranger's")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func aReplacedFileThatIsGoneLeavesTheNameFree() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        folder.remove("user/talk.mp3.txt")
        _ = try atomic.write(Array("second".utf8), at: path, replacing: first.identity)
        #expect(folder.read("user/talk.mp3.txt") == "second")
    }

    @Test(arguments: [EINVAL, ENOSYS])
    func replacesWithoutExchangeWhereTheFileSystemHasNone(_ code: Int32) throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        let old = FaultyFileSystem(fileSystem) { $0.name == "rename exchange" ? code : nil }
        _ = try AtomicFile(old).write(Array("second".utf8), at: path, replacing: first.identity)
        #expect(folder.read("user/talk.mp3.txt") == "second")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func aPlantedLinkOrFolderStaysAndItsTargetIsUntouched() throws {
        try folder.write("canary", to: "canary")
        #expect(symlink("../canary", folder.path("user/talk.mp3.txt")) == 0)
        #expect(throws: FileError.occupied(path: path.text)) { try atomic.write([1], at: path) }
        #expect(throws: FileError.occupied(path: path.text)) {
            try atomic.write([1], at: path, replacing: status("canary").identity)
        }
        folder.remove("user/talk.mp3.txt")
        try folder.makeFolder("user/talk.mp3.txt")
        #expect(throws: FileError.occupied(path: path.text)) { try atomic.write([1], at: path) }
        #expect(folder.read("canary") == "canary")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    @Test func aFolderThatIsALinkLeadsNowhere() throws {
        try folder.makeFolder("elsewhere")
        folder.remove("user")
        #expect(symlink("elsewhere", folder.path("user")) == 0)
        #expect(throws: FileError.self) { try atomic.write([1], at: path) }
        #expect(try folder.names(in: "elsewhere").isEmpty)
    }

    @Test(arguments: [(0o755, 0o644), (0o700, 0o600), (0o2775, 0o664), (0o750, 0o640), (0o777, 0o664)])
    func modeFollowsTheFolder(_ ofFolder: UInt32, _ ofFile: UInt16) throws {
        #expect(chmod(folder.path("user"), ofFolder) == 0)
        #expect(try atomic.write([1], at: path).permissions == ofFile)
    }

    @Test(arguments: [(0o600, 0o600), (0o640, 0o660), (0o644, 0o664), (0o604, 0o604)] as [(UInt32, UInt16)])
    func nobodyReadsWhatTheyMayNotReadBesideIt(_ ofModel: UInt32, _ ofFile: UInt16) throws {
        #expect(chmod(folder.path("user"), 0o777) == 0)
        #expect(try atomic.write([1], at: path, model: model(ofModel)).permissions == ofFile)
    }

    /// The bits for a group are not for another.
    @Test(
        .enabled(if: geteuid() == 0),
        arguments: [(0o600, 0o600), (0o640, 0o600), (0o660, 0o600), (0o644, 0o664)] as [(UInt32, UInt16)])
    func anotherGroupGetsWhatEverybodyHas(_ ofModel: UInt32, _ ofFile: UInt16) throws {
        #expect(chown(folder.path("user"), 4321, 1234) == 0 && chmod(folder.path("user"), 0o2777) == 0)
        let model = try model(ofModel, group: 4321)
        #expect(try atomic.write([1], at: path, model: model).permissions == ofFile)
    }

    /// With an access list the bits of the group are the most that anybody in it has.
    @Test func whoIsNamedInAListIsNotTheGroup() async throws {
        #expect(chmod(folder.path("user"), 0o777) == 0)
        try folder.write("speech", to: "user/talk.mp3")
        guard try await AccessList.set(folder.path("user/talk.mp3"), reader: 1234) else { return }
        #expect(try status("user/talk.mp3").permissions == 0o640)
        #expect(try atomic.write([1], at: path, model: model()).permissions == 0o600)
        // A list that the folder gives to both means the same people for both.
        folder.remove("user/talk.mp3.txt")
        #expect(try await AccessList.set(folder.path("user"), reader: 1234, isDefault: true))
        #expect(try atomic.write([1], at: path, model: model()).permissions == 0o660)
        // One that the recording has not names people who may not read that.
        folder.remove("user/talk.mp3.txt")
        folder.remove("user/talk.mp3")
        try folder.write("speech", to: "talk.mp3")
        #expect(chmod(folder.path("talk.mp3"), 0o640) == 0)
        try folder.rename("talk.mp3", to: "user/talk.mp3")
        #expect(try atomic.write([1], at: path, model: model()).permissions == 0o600)
    }

    /// As a recording beside the text.
    private func model(_ mode: UInt32, group: UInt32? = nil) throws -> AccessModel {
        let name = folder.path("user/talk.mp3")
        try folder.write("speech", to: "user/talk.mp3")
        #expect(chown(name, group ?? .max, group ?? .max) == 0 && chmod(name, mode) == 0)
        return try model()
    }

    private func model() throws -> AccessModel {
        let opened = try fileSystem.openForReading(try #require(InboxPath("user/talk.mp3")))
        return AccessModel(opened.file, opened.status)
    }

    @Test(.enabled(if: geteuid() == 0)) func ownerIsTheFoldersWhereWeMayGiveFilesAway() throws {
        #expect(chown(folder.path("user"), 4321, 1234) == 0)
        let status = try atomic.write([1], at: path)
        #expect(status.owner == 4321 && status.group == 1234)
    }

    @Test func withoutTheRightToGiveAwayTheFileIsStillWritten() throws {
        let plain = FaultyFileSystem(fileSystem) { $0.name == "setOwner" ? EPERM : nil }
        #expect(try AtomicFile(plain).write([1], at: path).identity.size == 1)
    }

    @Test func removesOnlyWhatIsStillOurs() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        try folder.write("edited by its owner", to: "user/talk.mp3.txt")
        #expect(try !atomic.remove(path, ifStill: first.identity))
        #expect(folder.read("user/talk.mp3.txt") == "edited by its owner")
        let edited = try status("user/talk.mp3.txt")
        #expect(try atomic.remove(path, ifStill: edited.identity))
        #expect(try !atomic.remove(path, ifStill: edited.identity))
        #expect(try folder.names(in: "user").isEmpty)
    }

    @Test func removalPutsBackAStrangersFileThatComesAtTheLastInstant() throws {
        let first = try atomic.write(Array("first".utf8), at: path)
        let folder = folder
        let racing = FaultyFileSystem(fileSystem) { step in
            guard step.name == "rename keep", folder.read("user/talk.mp3.txt") == "first" else { return nil }
            folder.remove("user/talk.mp3.txt")
            try? folder.write("a stranger's", to: "user/talk.mp3.txt")
            return nil
        }
        #expect(try !AtomicFile(racing).remove(path, ifStill: first.identity))
        #expect(folder.read("user/talk.mp3.txt") == "a stranger's")
        #expect(try folder.names(in: "user") == ["talk.mp3.txt"])
    }

    private func status(_ name: String) throws -> FileStatus {
        let path = try #require(InboxPath(name))
        return try #require(try fileSystem.examine(path))
    }
}
