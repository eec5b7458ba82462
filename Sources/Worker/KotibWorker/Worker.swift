import Glibc
import KotibPOSIX
import KotibWorkerProtocol

/// The program kotib-worker: sets up, drops privileges, serves.
public enum Worker {
    /// The models of a transcribing worker.
    public struct Models: Hashable, Sendable {
        /// A ggml file of Whisper.
        public var speech: String
        /// A ggml file of Silero's voice activity detection.
        public var voice: String
        /// Threads of the engine; over all workers no more than cores.
        public var threads: Int

        public init(speech: String, voice: String, threads: Int) {
            self.speech = speech
            self.voice = voice
            self.threads = threads
        }
    }

    /// Serves inspections, and transcriptions where `models` are given, over standard input until the daemon
    /// closes it.
    /// - Parameter memoryLimit: bytes of address space; by default ``WorkerMemory``.
    /// - Returns: an exit code of sysexits.h where it could not start, after a line on standard error.
    public static func run(_ models: Models?, memoryLimit: UInt64?) -> Int32 {
        run(
            models.map { models in
                {
                    try WhisperSpeechToText(
                        model: models.speech, vadModel: models.voice, threads: models.threads)
                }
            },
            memoryLimit: memoryLimit ?? defaultLimit(models))
    }

    static func run(_ makeEngine: (() throws -> any SpeechToText)?, memoryLimit: UInt64) -> Int32 {
        guard isPacketSocket(STDIN_FILENO) else {
            return fail(.usage, "standard input is no packet socket: kotibd starts this program")
        }
        do {
            let inspector = RecordingInspector(try MagicDatabase())
            let engine = try makeEngine?()
            let parts = try Sandbox(memoryLimit: memoryLimit).enter()
            try WorkerService(PacketSocket(owning: STDIN_FILENO), inspector, engine).run(sandbox: parts)
        } catch let failure as SystemError {
            return fail(.system, "the sandbox cannot be entered: \(failure)")
        } catch let failure as EngineFailure {
            return fail(.configuration, failure.message)
        } catch {
            return fail(.configuration, "\(error)")
        }
    }

    private static func fail(_ exit: WorkerExit, _ message: String) -> Int32 {
        WorkerLog.say("kotib-worker: \(message)")
        return exit.rawValue
    }

    private static func isPacketSocket(_ descriptor: Int32) -> Bool {
        var type: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0
            && type == Int32(SOCK_SEQPACKET.rawValue)
    }

    private static func defaultLimit(_ models: Models?) -> UInt64 {
        guard let models else { return WorkerMemory.ofInspector }
        return WorkerMemory.ofTranscriber(model: size(of: models.speech), threads: models.threads)
    }

    private static func size(of path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(max(0, status.st_size)) : 0
    }
}

/// Standard error, which the daemon reads line by line into its log.
enum WorkerLog {
    /// Writes one line. A log that cannot be written stops nothing.
    static func say(_ message: String) {
        let line = Array((message.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Exit codes of sysexits.h, by the daemon's possible reaction.
enum WorkerExit: Int32 {
    /// The daemon closed the socket.
    case done = 0
    /// Not started by kotibd.
    case usage = 64
    /// The engine or this program failed; another worker may do better.
    case software = 70
    /// The kernel refused a part of the sandbox.
    case system = 71
    /// A recording could not be read from disk.
    case inputOutput = 74
    /// The daemon sent an invalid request.
    case `protocol` = 76
    /// A model or libmagic's database is missing or broken.
    case configuration = 78

    /// Ends the process at once, other threads and all; nothing of it needs an orderly end.
    func leave() -> Never {
        _exit(rawValue)
    }
}
