import CAV
import KotibModel
import KotibWorkerProtocol

/// The audio tracks of a recording after its first, which are heard too.
struct FurtherTracks {
    /// What all tracks are together: as long as the longest, of the kind of the first with sound.
    struct Sound {
        var codec: String
        /// Seconds.
        var duration: Double
        var channels: Int
        /// Hertz.
        var sampleRate: Int
        var warnings: [RecordingWarning] = []
    }

    private let reader: HashingReader
    private let container: Container
    private let request: InspectRequest
    private let budget: ProcessorBudget

    init(
        _ reader: HashingReader, _ container: Container, _ request: InspectRequest, _ budget: ProcessorBudget
    ) {
        self.reader = reader
        self.container = container
        self.request = request
        self.budget = budget
    }

    /// - Parameters:
    ///   - first: the walk over the first track, to its end, decoded by `codec`.
    ///   - demuxer: of the first track.
    /// - Throws: ``Rejection`` where no track has sound, or one is too long.
    func sound(beside first: PacketWalk, _ codec: AudioCodec, in demuxer: Demuxer) throws -> Sound {
        var sound: Sound?
        var failure: Rejection?
        do throws(Rejection) {
            try first.requireSound()
            sound = Sound(codec.name, first)
        } catch {
            failure = error
        }
        var leavesOut = failure.map { $0 != RejectionDetail.silent } ?? false
        for track in 1..<max(1, min(demuxer.trackCount, RecordingTracks.mostTracks)) {
            do {
                let next = try walk(track)
                sound?.join(next)
                sound = sound ?? next
            } catch let rejection as Rejection {
                if case .tooLong = rejection { throw rejection }
                if budget.isSpent || rejection == .incomplete { throw rejection }
                // A track without any sound is no loss.
                if rejection != RejectionDetail.silent { leavesOut = true }
            }
        }
        guard var sound else { throw failure ?? RejectionDetail.silent }
        if leavesOut { sound.warnings.append(RecordingWarning(.trackLeftOut)) }
        return sound
    }

    /// - Throws: ``Rejection`` for a track without sound that can be decoded.
    private func walk(_ track: Int) throws -> Sound {
        let demuxer = try Demuxer(reader, container: container, track: track, budget: budget)
        let codec = try AudioCodec(demuxer.stream.pointee.codecpar, of: container, strict: false)
        var walk = PacketWalk(demuxer.stream, of: container)
        try walk.walk(demuxer, codec, longest: request.longestDuration)
        try walk.requireSound()
        return Sound(codec.name, walk)
    }
}

extension FurtherTracks.Sound {
    fileprivate init(_ codec: String, _ walk: PacketWalk) {
        self.init(
            codec: codec, duration: walk.duration, channels: walk.channels, sampleRate: walk.sampleRate)
    }

    fileprivate mutating func join(_ other: Self) {
        duration = max(duration, other.duration)
        channels += other.channels
    }
}
