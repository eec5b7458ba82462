/// The program of a worker, and its time limits.
public struct WorkerProgram: Sendable {
    /// An absolute path: PATH is not searched.
    var executable: String
    var arguments: [String]
    /// The worker's environment beside `PATH` and `LANG`. The daemon's own environment, with its keys and
    /// tokens, is never passed on.
    var environment: [String: String] = [:]
    var limits = WorkerLimits()
}

extension WorkerProgram {
    /// `kotib-worker inspect`.
    public static func inspector(executable: String, limits: WorkerLimits = WorkerLimits()) -> WorkerProgram {
        WorkerProgram(executable: executable, arguments: ["inspect"], limits: limits)
    }

    /// `kotib-worker transcribe`.
    /// - Parameters:
    ///   - model: the path of a ggml Whisper model.
    ///   - voiceModel: the path of the ggml Silero model that finds the speech.
    ///   - threads: what one worker may keep busy.
    ///   - memoryLimit: megabytes.
    public static func transcriber(
        executable: String, model: String, voiceModel: String, threads: Int, memoryLimit: Int,
        limits: WorkerLimits = WorkerLimits()
    ) -> WorkerProgram {
        WorkerProgram(
            executable: executable,
            arguments: [
                "transcribe", "--model", model, "--vad-model", voiceModel, "--threads", String(threads),
                "--memory-limit", String(memoryLimit),
            ],
            // Otherwise OpenMP starts as many threads as there are cores, for some parts of the engine, and
            // those that wait spin, which on a busy machine takes many times as long.
            environment: ["OMP_NUM_THREADS": String(threads), "OMP_WAIT_POLICY": "passive"],
            limits: limits)
    }
}

/// Time limits for each step of a worker before it is killed.
public struct WorkerLimits: Hashable, Sendable {
    /// From the start of the process to `ready`: a large model on a slow disk takes its time.
    var start: Duration
    /// Between two signs of life while a request is served. Whisper gives one per window of 30 s of audio.
    public var stall: Duration
    /// From `cancel` to the request's end.
    var cancel: Duration
    /// From the end of the connection to SIGTERM, and from there to SIGKILL.
    var exit: Duration

    public init(
        start: Duration = .seconds(120), stall: Duration = .seconds(180), cancel: Duration = .seconds(2),
        exit: Duration = .seconds(1)
    ) {
        self.start = start
        self.stall = stall
        self.cancel = cancel
        self.exit = exit
    }
}
