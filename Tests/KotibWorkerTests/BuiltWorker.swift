import Glibc
import KotibPOSIX
import KotibWorkerProtocol
import Testing

@testable import KotibWorker

/// The built kotib-worker, started as the daemon starts it, with the other end of its socket.
final class BuiltWorker {
    let process: pid_t
    private(set) var socket: PacketSocket?
    /// One end of a pair whose other end only the worker has: it hangs up when the worker ends.
    private let lifeline: PacketSocket

    /// The path of the built programs: KOTIB_TEST_BIN, otherwise the folder of this test.
    static func path(_ program: String) throws -> String {
        if let folder = getenv("KOTIB_TEST_BIN") { return String(cString: folder) + "/" + program }
        var own = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = try SystemError.check("readlink") { readlink("/proc/self/exe", &own, own.count) }
        let path = String(decoding: own[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path[..<(try #require(path.lastIndex(of: "/")))] + "/" + program
    }

    init(_ arguments: [String] = ["inspect"]) throws {
        let (own, other) = try PacketSocket.pair()
        let (lifeline, heldByWorker) = try PacketSocket.pair()
        self.lifeline = lifeline
        let program = try Self.path("kotib-worker")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, other.descriptor, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, heldByWorker.descriptor, STDERR_FILENO + 1)
        // Closes the descriptors of other tests: a worker may have 64 in all.
        for descriptor in STDERR_FILENO + 2..<512 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var list: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in list { free(argument) } }
        var child = pid_t()
        let error = withExtendedLifetime((other, heldByWorker)) {
            posix_spawn(&child, program, &actions, nil, &list, environ)
        }
        try #require(error == 0, "\(program) cannot be started")
        process = child
        socket = own
    }

    deinit {
        // Closing the socket ends it.
        socket = nil
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    func send(_ request: WorkerRequest, _ files: OpenFile...) throws {
        try #require(socket).send(WorkerCoding.encode(request), passing: files.map(\.descriptor))
    }

    func send(_ packet: [UInt8]) throws {
        try #require(socket).send(packet)
    }

    /// Seconds of processor time of the process.
    func processorTime() throws -> Double {
        var clock = clockid_t()
        let error = clock_getcpuclockid(process, &clock)
        try #require(error == 0)
        return ProcessorBudget.used(by: clock)
    }

    /// The next reply; the test fails if there is none within ten seconds.
    func reply() throws -> WorkerReply {
        let packet = try #require(try packet(), "the worker is gone")
        return try WorkerCoding.decode(WorkerReply.self, from: packet)
    }

    /// The next packet, nil at the end of the connection.
    func packet() throws -> [UInt8]? {
        let socket = try #require(socket)
        var state = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        let ready = try SystemError.check("poll") { poll(&state, 1, 10_000) }
        try #require(ready == 1, "the worker says nothing")
        return try socket.receive()?.bytes
    }

    func ready() throws -> WorkerReady {
        guard case .ready(let ready) = try reply() else {
            throw UnexpectedReply()
        }
        return ready
    }

    func hangUp() {
        socket = nil
    }

    /// How it ended; waits at most ten seconds.
    func status() throws -> ExitStatus {
        var state = pollfd(fd: lifeline.descriptor, events: Int16(POLLIN), revents: 0)
        let ended = try SystemError.check("poll") { poll(&state, 1, 10_000) }
        try #require(ended == 1, "the worker does not end")
        return try ExitStatus(of: process)
    }
}

struct UnexpectedReply: Error {}

enum ExitStatus: Hashable {
    case exited(Int32)
    case signalled(Int32)

    /// Waits for `process`, which stays to be reaped.
    init(of process: pid_t) throws {
        var info = siginfo_t()
        try SystemError.check("waitid") { waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) }
        let status = info._sifields._sigchld.si_status
        self = info.si_code == Int32(CLD_EXITED) ? .exited(status) : .signalled(status)
    }
}
