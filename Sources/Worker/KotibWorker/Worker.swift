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
