/// The number of transcribing workers and of threads in each. All threads together never exceed the machine's
/// cores, because Whisper's threads spin while they wait (two workers of two threads on two busy cores took
/// seven times as long).
public struct WorkerLayout: Hashable, Sendable {
    /// More threads hardly speed up one transcription.
    static let usefulThreads = 4

    public let workers: Int
    public let threads: Int

    /// - Parameters:
    ///   - cores: how many processors the daemon may use.
    ///   - workers: the setting, or nil for what fits the machine.
    ///   - threads: of each worker; the setting, or nil for what fits. Gives way where both are too much.
    public init(cores: Int, workers: Int?, threads: Int?) {
        let cores = max(1, cores)
        let wished = threads.map { max(1, $0) }
        let workers = workers ?? cores / min(wished ?? Self.usefulThreads, cores)
        self.workers = min(max(1, workers), cores)
        self.threads = min(wished ?? Self.usefulThreads, cores / self.workers)
    }
}
