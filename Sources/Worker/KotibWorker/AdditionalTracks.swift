import CAV
import KotibModel
import KotibWorkerProtocol

/// The decodable audio tracks after the first, of all recordings in a file; they are transcribed too.
struct AdditionalTracks {
    /// libav's name, of the first that has sound; nil where none has.
    private(set) var codec: String?
    /// Hertz, of that.
    private(set) var sampleRate = 0
    /// Of all, in the recording that has most.
    private(set) var channels = 0
    /// Whether there is one that cannot be decoded, or that is not looked at.
    private(set) var leavesOut = false

    /// Walks those of one recording.
    /// - Parameter tracks: which, counted from 0.
    /// - Returns: seconds of the longest.
    /// - Throws: ``Rejection`` where one is too long or incomplete.
    mutating func walk(
        _ source: any ByteSource, _ container: Container, _ request: InspectRequest,
        _ budget: ProcessorBudget,
        tracks: Range<Int>
    ) throws -> Double {
        var (longest, together) = (0.0, 0)
        if tracks.upperBound > RecordingTracks.maxTracks { leavesOut = true }
        for track in tracks.prefix(while: { $0 < RecordingTracks.maxTracks }) {
            do {
                let demuxer = try Demuxer(source, container: container, track: track, budget: budget)
                let decoder = try AudioCodec(
                    demuxer.stream.pointee.codecpar, of: container, strict: false)
                var walk = PacketScan(demuxer.stream, of: container)
                try walk.walk(demuxer, decoder, longest: request.longestDuration)
                try walk.requireSound()
                longest = max(longest, walk.duration)
                together += walk.channels
                if codec == nil { (codec, sampleRate) = (decoder.name, walk.sampleRate) }
            } catch let rejection as Rejection {
                if case .tooLong = rejection { throw rejection }
                if budget.isSpent || rejection == .incomplete { throw rejection }
                // A track without any sound is no loss.
                if rejection != RejectionDetail.silent { leavesOut = true }
            }
        }
        channels = max(channels, together)
        return longest
    }
}
