/// The default address space of a worker (RLIMIT_AS, setrlimit(2)).
public enum WorkerMemory {
    /// Bytes for libav, libmagic, the voice detection and malloc.
    private static let base: UInt64 = 1 << 30
    /// Bytes for each thread, which has a state of Whisper's, its stacks and its malloc arenas. Measured with
    /// the base model: some 670 MiB.
    private static let perThread: UInt64 = 1 << 30

    /// Bytes, of a worker that only inspects.
    public static let ofInspector: UInt64 = 2 << 30

    /// Bytes, of a worker that transcribes.
    /// - Parameters:
    ///   - model: bytes of the speech model's file.
    ///   - threads: of the engine.
    public static func ofTranscriber(model: UInt64, threads: Int) -> UInt64 {
        model + base + perThread * UInt64(max(1, threads))
    }
}
