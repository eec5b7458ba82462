import CWhisper
import Glibc
import KotibModel
import KotibWorkerProtocol

/// Speech to text by whisper.cpp on this machine's processor.
///
/// The recording is read in portions; Silero finds the speech in it; the speech is packed into windows; as
/// many windows as there are threads are decoded at once, on one thread each. Threads that share a window
/// wait for each other at every step, spinning: where a processor is busy with something else, that takes ten
/// times as long. Only where they wait asleep (`OMP_WAIT_POLICY=passive` in the environment the process was
/// started with, see libgomp's manual) does a window that is alone get all threads.
final class WhisperSpeechToText: SpeechToText {
    private let model: WhisperModel
    private let detector: VoiceDetector
    private let lanes: [WhisperLane]
    /// Whether several threads may share a window.
    private let sharesWindows: Bool

    var modelName: String { model.name }
    var modelFile: FileIdentity? { model.file }

    /// Loads both models and everything else from the system: afterwards no file is opened.
    /// - Parameters:
    ///   - model: path of a ggml file of Whisper.
    ///   - vadModel: path of a ggml file of Silero.
    ///   - threads: the number of threads of the engine.
    ///   - sharesWindows: whether a lone window gets all threads.
    /// - Throws: ``EngineFailure`` if a file is missing or no model.
    init(
        model: String, vadModel: String, threads: Int,
        sharesWindows: Bool = WhisperSpeechToText.threadsWaitAsleep
    ) throws {
        WhisperLog.install()
        let threads = max(1, threads)
        let loaded = try WhisperModel(path: model)
        self.model = loaded
        self.sharesWindows = sharesWindows
        detector = try VoiceDetector(model: vadModel)
        lanes = try (0..<threads).map { _ in try WhisperLane(model: loaded) }
        let warm = BlockingQueue<Void>()
        for (index, lane) in lanes.enumerated() {
            // Only the first is ever given more than one thread.
            lane.start(postingTo: warm) { $0.warmUp(threads: index == 0 && sharesWindows ? threads : 1) }
            warm.pop()
        }
    }

    func transcribe(
        _ source: any SampleSource, language: String?, expectedDuration: Double,
        observer: any TranscriptionObserver
    ) throws -> TranscriptionSummary? {
        if let language, !model.knows(language) {
            throw EngineFailure(message: "the model \(model.name) does not know the language \(language)")
        }
        let started = Self.processorTime()
        let reader = SpeechReader(source: source, detector: detector, lanes: lanes.count)
        let run = WhisperTranscription(
            reader: reader, lanes: lanes, language: model.isMultilingual ? language : "en",
            sharesWindows: sharesWindows, expectedSamples: expectedDuration * 16_000, observer: observer)
        // However it ends, the lanes then do nothing more for it.
        defer { run.signals.cancel() }
        guard try run.finish() else { return nil }
        return TranscriptionSummary(
            language: run.reader.speech > 0 ? run.language : nil,
            duration: Double(run.reader.position) / 16_000, speech: Double(run.reader.speech) / 16_000,
            processorTime: Self.processorTime() - started, warnings: run.warnings)
    }

    /// Whether libgomp was told at the start of the process to let threads wait asleep.
    static var threadsWaitAsleep: Bool {
        getenv("OMP_WAIT_POLICY").map { String(cString: $0).lowercased() == "passive" } ?? false
    }

    /// Seconds that all threads of this process have run (clock_gettime(2)).
    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
