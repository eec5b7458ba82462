import Glibc
import KotibPOSIX
import Synchronization

/// A terminal for a program under test: a test types on it, reads it and changes its size.
public final class PseudoTerminal: Sendable {
    /// TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h: macros that Swift does not see either.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private let master: OpenFile
    private let path: String
    private let bytes = Mutex<[UInt8]>([])

    public init(columns: UInt16 = 80) throws {
        // In place of posix_openpt(3), unlockpt(3) and ptsname(3), which Swift does not import.
        let descriptor = try SystemError.check("open", "/dev/ptmx") {
            open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        }
        master = OpenFile(owning: descriptor)
        var isLocked: Int32 = 0
        try SystemError.check("ioctl") { ioctl(descriptor, Self.setLock, &isLocked) }
        var number: UInt32 = 0
        try SystemError.check("ioctl") { ioctl(descriptor, Self.getNumber, &number) }
        path = "/dev/pts/\(number)"
        try resize(columns: columns)
    }

    /// The kernel tells the programs on it (SIGWINCH).
    public func resize(columns: UInt16) throws {
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try SystemError.check("ioctl") { ioctl(master.descriptor, UInt(TIOCSWINSZ), &size) }
    }

    /// Control characters too: `\u{3}` is Ctrl-C.
    public func type(_ text: String) throws {
        try SystemError.check("write") { write(master.descriptor, text, text.utf8.count) }
    }

    /// All output so far, including echoed input.
    public var output: String {
        bytes.withLock { bytes in
            var part = [UInt8](repeating: 0, count: 65536)
            // Fails with EIO while no program has it open.
            while case let count = read(master.descriptor, &part, part.count), count > 0 {
                bytes += part[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Whether it takes lines and shows what is typed, as a shell leaves it to a program and expects it back.
    public var isAsShellsWantIt: Bool {
        var settings = termios()
        let wanted = tcflag_t(ECHO | ICANON | ISIG)
        return tcgetattr(master.descriptor, &settings) == 0 && settings.c_lflag & wanted == wanted
    }

    /// Runs a program in a session of its own on this terminal, as a shell would. When it has ended, by
    /// Ctrl-C too, `[exit CODE]` stands on the terminal.
    public func run<Value>(
        _ program: String, _ arguments: [String], environment: [String: String],
        _ body: (PseudoTerminal) async throws -> Value
    ) async throws -> Value {
        let shell = #"trap : INT; "$0" "$@"; echo "[exit $?]""#
        let outer = #"exec setsid --ctty --wait sh -c "$SHELL_SCRIPT" "$0" "$@" <"$PTS" >"$PTS" 2>&1"#
        let own = ["PTS": path, "SHELL_SCRIPT": shell, "TERM": "xterm", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
        let process = try await ChildProcess.start(
            "/bin/sh", ["-c", outer, program] + arguments, environment: own.merging(environment) { $1 },
            errors: "/dev/null")
        do {
            let value = try await body(self)
            try await end(process)
            return value
        } catch {
            try? await end(process)
            throw error
        }
    }

    /// Kills whatever is left. The shell of `process` may have left it as a child of its own, so Ctrl-C goes
    /// first.
    private func end(_ process: ChildProcess) async throws {
        if !output.contains("[exit ") { try? type("\u{3}") }
        let hasEnded = await waitUntil(deadline: .seconds(20)) { process.status != nil }
        await process.killAndReap()
        guard hasEnded else { throw DaemonTestFailure(description: "It did not end at Ctrl-C: \(output)") }
    }

    /// Waits until `text` stands in what was written.
    public func wait(for text: String) async throws {
        do {
            try await waitUntil("the terminal shows “\(text)”") { output.contains(text) }
        } catch {
            throw DaemonTestFailure(description: "\(error): \(output)")
        }
    }
}
