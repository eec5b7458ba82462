import KotibModel
import KotibPOSIX

/// The recordings in a file (``RecordingPart``), opened, each with the plan of its signals.
struct FileRecordings {
    struct Opened {
        var tracks: RecordingTracks
        /// Nil if there is only one signal.
        var plan: DownmixPlan?
    }

    /// At least one.
    let recordings: [Opened]
    /// Seconds; sound after that is ignored.
    let longestDuration: Double

    /// Of the recording with the most signals: each of several simultaneous voices is one.
    var signalCount: Int { recordings.reduce(1) { max($0, $1.plan?.signals.count ?? 1) } }
    /// Seconds, for progress; 0 if unknown.
    var expectedDuration: Double {
        min(recordings.reduce(0) { $0 + $1.tracks.expectedDuration }, longestDuration)
    }
    /// Whether the sum of all channels of the only track of the only recording is transcribed.
    var isPlain: Bool {
        recordings.count == 1 && !isPatched && recordings[0].tracks.isPlain(recordings[0].plan)
    }
    /// Whether what is decoded is not the file as it stands.
    private let isPatched: Bool
    /// Warnings that inspection cannot give, as it compares no channels.
    var warnings: [RecordingWarning] {
        recordings.contains(where: \.tracks.leavesOutChannels) ? [RecordingWarning(.trackLeftOut)] : []
    }

    /// Decodes the beginning of each track, so that a file that cannot be decoded is known at once; and all
    /// of it where there is a choice of what to hear.
    /// - Parameters:
    ///   - container: libav's name of it, out of the known table.
    ///   - longestDuration: seconds; what is later is not heard.
    ///   - observer: told that the choice goes on.
    /// - Throws: ``Rejection`` for the file's fault, ``SystemError`` where it cannot be read,
    ///   `CancellationError` where the observer cancelled.
    init(
        _ file: OpenFile, container: String, longestDuration: Double,
        observer: (any TranscriptionObserver)? = nil
    ) throws {
        guard let container = Container(rawValue: container) else {
            throw RejectionDetail.codec("container \(container)")
        }
        let source = try FileSource(file)
        var opened: [Opened] = []
        var fault: Rejection?
        var left = longestDuration
        let parts = try RecordingPart.all(in: source, container)
        for part in parts where opened.isEmpty || left > 0 {
            do {
                let tracks = try RecordingTracks(
                    part.source(source), container: container, longestDuration: left)
                opened.append(Opened(tracks: tracks, plan: try tracks.plan(observer)))
                // Headers may promise anything.
                left -= tracks.measuredDuration
            } catch let rejection as Rejection where parts.count > 1 && rejection.isOfOneRecording {
                // Inspection counted none there, and said so.
                fault = fault ?? rejection
            }
        }
        if opened.isEmpty { throw fault ?? RejectionDetail.silent }
        recordings = opened
        isPatched = parts.contains { $0.isPatched(source) }
        self.longestDuration = longestDuration
    }
}

/// The sound of a file as one stream: that of its recordings, one after the other.
final class FileDecoder: SampleSource {
    let signalCount: Int
    /// Seconds, for progress; 0 if unknown.
    let expectedDuration: Double
    /// Whether the level of any sample so far was changed.
    private(set) var hasChangedLevel = false

    /// Warnings that inspection cannot give.
    let warnings: [RecordingWarning]

    private var recordings: ArraySlice<FileRecordings.Opened>
    /// The only signal that is heard; nil hears all.
    private let signal: Int?
    private var current: Decoder?
    /// Signals of the recording that is being read.
    private var heard = 1
    /// Samples that may still be given.
    private var allowance: Int

    /// - Parameter signal: the only one that is to be heard; silence where a recording has fewer. Nil hears
    ///   all.
    init(_ file: FileRecordings, signal: Int? = nil) throws {
        recordings = file.recordings[...]
        warnings = file.warnings
        self.signal = signal
        signalCount = signal == nil ? file.signalCount : 1
        expectedDuration = file.expectedDuration
        let longest = file.longestDuration * Double(Self.sampleRate)
        allowance = longest > 0 ? Int(exactly: longest.rounded(.down)) ?? .max : 0
        current = try next()
    }

    /// As ``FileRecordings/init(_:container:longestDuration:observer:)``.
    convenience init(
        _ file: OpenFile, container: String, longestDuration: Double,
        observer: (any TranscriptionObserver)? = nil
    ) throws {
        try self.init(
            FileRecordings(
                file, container: container, longestDuration: longestDuration, observer: observer))
    }

    func read(_ count: Int) throws -> [[Float]] {
        let count = min(count, allowance)
        while let decoder = current, count > 0 {
            var samples = try decoder.read(count)
            hasChangedLevel = hasChangedLevel || decoder.hasChangedLevel
            let given = samples[0].count
            if given > 0 {
                allowance -= given
                if let signal, signal >= heard { samples = [Array(repeating: 0, count: given)] }
                while samples.count < signalCount { samples.append(Array(repeating: 0, count: given)) }
                return samples
            }
            current = try next()
        }
        return Array(repeating: [], count: signalCount)
    }

    /// Nil at the end.
    private func next() throws -> Decoder? {
        guard let recording = recordings.popFirst() else { return nil }
        heard = recording.plan?.signals.count ?? 1
        guard let signal, let plan = recording.plan else {
            return try Decoder(recording.tracks, plan: recording.plan)
        }
        let own = plan.signals.indices.contains(signal) ? plan.signals[signal] : plan.signals[0]
        return try Decoder(recording.tracks, plan: DownmixPlan(signals: [own]))
    }
}
