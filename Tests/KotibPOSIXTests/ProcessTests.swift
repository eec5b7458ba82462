import Dispatch
import Glibc
import KotibTestSupport
import Testing

@testable import KotibPOSIX

@Suite struct WriterCheckTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("x", to: "file")
    }

    private func open(_ flags: Int32) throws -> OpenFile {
        OpenFile(owning: try SystemError.check("open") { Glibc.open(folder.path("file"), flags | O_CLOEXEC) })
    }

    @Test func aWriterIsNoticedUntilItCloses() throws {
        let file = try open(O_RDONLY)
        #expect(WriterCheck(file) == .none)
        do {
            let writer = try open(O_WRONLY)
            #expect(WriterCheck(file) == .writing)
            withExtendedLifetime(writer) {}
        }
        #expect(WriterCheck(file) == .none)
    }

    @Test func aReaderIsNoWriter() throws {
        let other = try open(O_RDONLY)
        #expect(try WriterCheck(open(O_RDONLY)) == .none)
        withExtendedLifetime(other) {}
    }

    @Test func withoutLeasesTheWriterIsUnknown() throws {
        #expect(try WriterCheck(InboxRoot(path: folder.path).folder) == .unknown)
    }

    /// By default the kernel would send SIGIO here, which ends the process.
    @Test func aWriterThatComesDuringTheCheckDoesNotEndTheProcess() throws {
        let path = folder.path("file")
        let (stop, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        DispatchQueue(label: "writer").async {
            while stop.wait(timeout: .now()) == .timedOut {
                close(Glibc.open(path, O_WRONLY | O_CLOEXEC))
            }
            done.signal()
        }
        let file = try open(O_RDONLY)
        var seen: Set<WriterCheck> = []
        for _ in 0..<30_000 { seen.insert(WriterCheck(file)) }
        stop.signal()
        done.wait()
        #expect(!seen.contains(.unknown))
    }
}

@Suite struct LockFileTests {
    @Test func oneHolderAtATime() throws {
        let folder = try TemporaryFolder()
        var first: LockFile? = try LockFile(path: folder.path("lock"))
        #expect(throws: LockFile.Failure.held(by: getpid())) { _ = try LockFile(path: folder.path("lock")) }
        withExtendedLifetime(first) {}
        first = nil
        #expect(throws: Never.self) { _ = try LockFile(path: folder.path("lock")) }
    }

    /// The state after a daemon was killed whose child has not executed its program yet.
    @Test func theLockOfAProcessThatHasEndedIsWaitedFor() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("lock")
        let clock = ManualClock()
        // The process's own id takes the place of that of a process that has ended.
        let held = Shared<LockFile?>(try LockFile(path: path))
        let taken = Task { try await LockFile.acquire(path, clock: clock) }
        try await waitUntil("it is waited for") { !clock.deadlines.isEmpty }
        held.value = nil
        clock.advance(by: .seconds(1))
        _ = try await taken.value
    }

    @Test func aLockThatStaysHeldIsSaid() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("lock")
        let clock = ManualClock()
        let held = try LockFile(path: path)
        let taken = Task { try await LockFile.acquire(path, clock: clock) }
        try await waitUntil("it is waited for") { !clock.deadlines.isEmpty }
        clock.advance(by: LockFile.gracePeriod)
        await #expect(throws: LockFile.Failure.held(by: getpid())) { _ = try await taken.value }
        withExtendedLifetime(held) {}
    }

    @Test func theLockOfARunningProcessIsNotWaitedFor() async throws {
        let folder = try TemporaryFolder()
        let held = try LockFile(path: folder.path("lock"))
        try folder.write("\(getppid())\n", to: "lock")
        await #expect(throws: LockFile.Failure.held(by: getppid())) {
            _ = try await LockFile.acquire(folder.path("lock"), clock: ManualClock())
        }
        withExtendedLifetime(held) {}
    }

    @Test func aMissingStateFolderIsSaid() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("missing/lock")
        #expect(throws: LockFile.Failure.system(SystemError(code: ENOENT, operation: "open", path: path))) {
            _ = try LockFile(path: path)
        }
    }
}

@Suite struct FileSystemInfoTests {
    @Test func tellsRoomAndKind() throws {
        let folder = try TemporaryFolder()
        let facts = try FileSystemInfo(of: InboxRoot(path: folder.path).folder)
        #expect(facts.freeBytes > 0)
        #expect(facts.remoteName == nil)
    }
}

@Suite struct ServiceManagerTests {
    @Test(arguments: [false, true]) func statesArriveAtTheSocket(_ isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@kotib-test\(folder.path)" : folder.path("notify")
        let receiver = try listen(Array(name.utf8))
        try ServiceManager(environment: ["NOTIFY_SOCKET": name]).notify("READY=1\nSTATUS=watching")
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = try SystemError.check("recv") {
            recv(receiver.descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        }
        #expect(String(decoding: bytes[..<count], as: UTF8.self) == "READY=1\nSTATUS=watching")
    }

    @Test func nobodyListeningIsNoError() throws {
        try ServiceManager(environment: [:]).notify("READY=1")
        #expect(ServiceManager(environment: [:]).watchdog == nil)
    }

    @Test func theWatchdogIsOursOnlyIfItNamesUs() {
        let ours = ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]
        #expect(ServiceManager(environment: ours).watchdog == .seconds(30))
        let others = ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]
        #expect(ServiceManager(environment: others).watchdog == nil)
    }

    private func listen(_ name: [UInt8]) throws -> OpenFile {
        let type = Int32(SOCK_DGRAM.rawValue)
        let socket = OpenFile(owning: try SystemError.check("socket") { Glibc.socket(AF_UNIX, type, 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        if name.first == UInt8(ascii: "@") { address.sun_path.0 = 0 }
        let length = socklen_t(2 + name.count)
        try SystemError.check("bind") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket.descriptor, $0, length) }
            }
        }
        return socket
    }
}
