import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

@Suite struct ListeningSocketTests {
    @Test func hasItsModeFromTheFirstMoment() throws {
        let folder = try TemporaryFolder()
        let socket = try ListeningSocket(path: folder.path("s"), mode: 0o600, group: nil)
        defer { close(socket.descriptor) }
        var status = Glibc.stat()
        #expect(lstat(folder.path("s"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600 && status.st_mode & S_IFMT == S_IFSOCK)
        #expect(access(folder.path("s~"), F_OK) != 0)
        socket.removeName()
        #expect(access(folder.path("s"), F_OK) != 0)
    }

    @Test func replacesWhatNobodyServesAndNothingElse() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s")
        let first = try ListeningSocket(path: path, mode: 0o600, group: nil)
        #expect(throws: ListeningSocket.Failure.inUse(path: path)) {
            try ListeningSocket(path: path, mode: 0o600, group: nil)
        }
        close(first.descriptor)
        let second = try ListeningSocket(path: path, mode: 0o600, group: nil)
        defer { close(second.descriptor) }
        first.removeName()
        #expect(access(path, F_OK) == 0, "the name is the second's now")

        try folder.write("mine", to: "file")
        #expect(throws: ListeningSocket.Failure.occupied(path: folder.path("file"))) {
            try ListeningSocket(path: folder.path("file"), mode: 0o600, group: nil)
        }
        #expect(folder.read("file") == "mine")
        symlink(folder.path("file"), folder.path("link"))
        #expect(throws: ListeningSocket.Failure.occupied(path: folder.path("link"))) {
            try ListeningSocket(path: folder.path("link"), mode: 0o600, group: nil)
        }
    }

    @Test func sayWhatIsWrong() throws {
        let folder = try TemporaryFolder()
        let long = folder.path(String(repeating: "x", count: 107))
        #expect(throws: ListeningSocket.Failure.tooLong(path: long)) {
            try ListeningSocket(path: long, mode: 0o600, group: nil)
        }
        #expect(throws: ListeningSocket.Failure.noSuchGroup("no-such-group")) {
            try ListeningSocket(path: folder.path("s"), mode: 0o600, group: "no-such-group")
        }
        #expect(throws: ListeningSocket.Failure.self) {
            try ListeningSocket(path: folder.path("missing/s"), mode: 0o600, group: nil)
        }
    }

    @Test func passedSocketsAreForTheNamedProcessOnly() {
        #expect(ListeningSocket.passed([:]) == nil)
        #expect(ListeningSocket.passed(["LISTEN_PID": "1", "LISTEN_FDS": "1"]) == nil)
        let own = String(getpid())
        #expect(ListeningSocket.passed(["LISTEN_PID": own, "LISTEN_FDS": "junk"]) == nil)
        #expect(ListeningSocket.passed(["LISTEN_PID": own, "LISTEN_FDS": "999999999"]) == nil)
    }
}
