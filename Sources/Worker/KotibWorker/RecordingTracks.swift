import CAV
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// The decodable audio tracks of one recording, and the plan of their signals.
final class RecordingTracks {
    private let source: any ByteSource
    private let container: Container
    private let longestDuration: Double
    /// Indexes of the tracks, and what is known of each.
    private var tracks: [Track] = []
    let expectedDuration: Double
    /// Seconds of sound that were found in the choice of what to hear; 0 where there was none.
    private(set) var measuredDuration = 0.0
    /// Whether more channels hold different sound than are compared.
    private(set) var leavesOutChannels = false
    /// The channels of all tracks that are compared, by the survey's numbers.
    private var slots: [Place] = []

    private struct Track {
        var index: Int
        /// Seconds from the start of the recording to that of the track.
        var delay: Double
        var channels: Int
    }

    /// The limit of tracks: no recorder makes so many, and each costs a pass over the file.
    static let maxTracks = 32
    /// Channels that are compared, each with each.
    private static let maxChannels = 16
    /// Passes over the file in which channels that carry the same are looked for, where there are more.
    private static let maxComparisons = 8
    /// Samples of a survey that are read at once, about a second.
    private static let portion = 31 * ChannelAnalysis.frame

    /// Decodes the beginning of each track.
    /// - Parameter longestDuration: seconds; what is later is not heard.
    /// - Throws: ``Rejection`` where no track can be decoded, ``SystemError`` where the file cannot be read.
    init(_ source: any ByteSource, container: Container, longestDuration: Double) throws {
        self.source = source
        self.container = container
        self.longestDuration = longestDuration
        var opened: [(index: Int, decoder: TrackDecoder)] = []
        var failure: Rejection?
        let count = try Demuxer(source, container: container, budget: nil).trackCount
        for index in 0..<min(count, Self.maxTracks) {
            do {
                opened.append((index, try TrackDecoder(source, container: container, track: index)))
            } catch let rejection as Rejection {
                failure = failure ?? rejection
            }
        }
        guard let first = opened.map(\.decoder.startTime).min() else {
            throw failure ?? RejectionDetail.silent
        }
        tracks = opened.map { index, decoder in
            let delay = decoder.startTime - first
            return Track(
                index: index, delay: delay.isFinite ? min(delay, longestDuration) : 0,
                channels: decoder.channels)
        }
        slots = tracks.enumerated().flatMap { track, known in
            (0..<known.channels).map { Place(track: track, channel: $0) }
        }
        expectedDuration = min(opened.map(\.decoder.expectedDuration).max() ?? 0, longestDuration)
    }

    /// Samples of the longest duration.
    func allowance(at rate: Int) -> Int {
        let longest = longestDuration * Double(rate)
        return longest > 0 ? Int(exactly: longest.rounded(.down)) ?? .max : 0
    }

    /// The plan of the signals. Nil if there is only one signal.
    /// - Throws: `CancellationError` if the observer cancelled, ``Rejection``, ``SystemError``.
    func plan(_ observer: (any TranscriptionObserver)?) throws -> DownmixPlan? {
        guard tracks.count > 1 || tracks[0].channels > 1 else { return nil }
        if slots.count > Self.maxChannels { try chooseSlots(observer) }
        let channels = try survey(CrosstalkCancellation(channels: slots.count), observer)
        guard let all = CrosstalkCancellation(channels) else { return DownmixPlan(channels) }
        // Once more: what a channel holds is known only without what leaks into it.
        let freed = try survey(all, observer)
        guard let unmixing = all.withoutCopies(channels, freed: freed) else { return DownmixPlan(channels) }
        let own = unmixing == all ? freed : try survey(unmixing, observer)
        return DownmixPlan(own).unmixed(by: unmixing)
    }

    private func survey(
        _ unmixing: CrosstalkCancellation, _ observer: (any TranscriptionObserver)?
    ) throws -> ChannelAnalysis {
        var survey = ChannelAnalysis(channels: slots.count)
        try listen(unmixing.rows, observer) { survey.add($0) }
        survey.finish()
        return survey
    }

    /// Decodes the recording at the survey's rate.
    /// - Parameter signals: of each signal, what the slots are multiplied by.
    private func listen(
        _ signals: [[Int: Float]], _ observer: (any TranscriptionObserver)?, _ take: ([[Float]]) -> Void
    ) throws {
        let decoders = try open(mixes(signals), rate: ChannelAnalysis.sampleRate)
        let whole = allowance(at: ChannelAnalysis.sampleRate)
        var allowance = whole
        var unseen = 0
        while allowance > 0 {
            let samples = try Self.sum(decoders, count: min(Self.portion, allowance))
            if samples[0].isEmpty { break }
            take(samples)
            allowance -= samples[0].count
            unseen += samples[0].count
            // A sign of life for each minute of the recording, which takes a small part of a second.
            if unseen >= 60 * ChannelAnalysis.sampleRate {
                unseen = 0
                if observer?.isCancelled == true { throw CancellationError() }
                observer?.progressed(to: 0)
            }
        }
        measuredDuration = Double(whole - allowance) / Double(ChannelAnalysis.sampleRate)
    }

    /// Whether `plan` is to hear the sum of all channels of the only track.
    func isPlain(_ plan: DownmixPlan?) -> Bool {
        guard let plan else { return true }
        let weights = plan.signals[0].weights.values
        return tracks.count == 1 && plan.signals.count == 1 && weights.count == tracks[0].channels
            && weights.allSatisfy { $0 > 0 }
    }

    /// Decoders whose signals, added up, are those of `plan`.
    func open(_ plan: DownmixPlan?) throws -> [TrackDecoder] {
        guard let plan else { return try open(tracks.map { _ in .mean }, rate: Decoder.sampleRate) }
        return try open(mixes(plan.signals.map(\.weights)), rate: Decoder.sampleRate)
    }

    /// Of each track.
    /// - Parameter signals: of each signal, what the slots are multiplied by.
    private func mixes(_ signals: [[Int: Float]]) -> [ChannelMix] {
        tracks.indices.map { track in
            .signals(
                signals.map { weights in
                    slots.enumerated().filter { $1.track == track }.map { number, slot in
                        ChannelMix.Part(channel: slot.channel, weight: weights[number] ?? 0)
                    }.filter { $0.weight != 0 }
                }, channels: tracks[track].channels)
        }
    }

    private func open(_ mixes: [ChannelMix], rate: Int) throws -> [TrackDecoder] {
        try zip(tracks, mixes).filter { !$1.isSilent }.map { track, mix in
            let decoder = try TrackDecoder(
                source, container: container, track: track.index, mix: mix, rate: rate)
            decoder.delay(by: track.delay)
            return decoder
        }
    }

    /// The next samples of all, each signal added up over the tracks; fewer than `count` only at the end of
    /// the longest.
    static func sum(_ decoders: [TrackDecoder], count: Int) throws -> [[Float]] {
        var sum = try read(decoders[0], count: count)
        for decoder in decoders.dropFirst() {
            let other = try read(decoder, count: count)
            for index in sum.indices { Self.add(other[index], to: &sum[index]) }
        }
        return sum
    }

    private static func add(_ samples: [Float], to sum: inout [Float]) {
        if samples.count > sum.count { sum += Array(repeating: 0, count: samples.count - sum.count) }
        for index in samples.indices { sum[index] += samples[index] }
    }

    /// A decoder may give less at once.
    private static func read(_ decoder: TrackDecoder, count: Int) throws -> [[Float]] {
        var samples = try decoder.read(count)
        while let length = samples.first?.count, length > 0, length < count {
            let more = try decoder.read(count - length)
            if more[0].isEmpty { break }
            for index in samples.indices { samples[index] += more[index] }
        }
        return samples
    }

    // MARK: - Channels

    private struct Place {
        var track: Int
        var channel: Int
    }

    /// Leaves the channels that have sound, and of those that carry the same one: no more than are compared.
    private func chooseSlots(_ observer: (any TranscriptionObserver)?) throws {
        var rest = try audible(observer)
        slots = []
        for _ in 0..<Self.maxComparisons {
            let room = Self.maxChannels - slots.count
            slots += rest.prefix(room)
            rest = rest.dropFirst(room)
            if room == 0 || rest.isEmpty { break }
            let compared = try survey(CrosstalkCancellation(channels: slots.count), observer)
            let leaders = BlockLevels(compared).groups.map { $0[0] }
            if !leaders.isEmpty { slots = leaders.sorted().map { slots[$0] } }
        }
        leavesOutChannels = !rest.isEmpty
    }

    /// Those that may hold a voice first; not empty.
    private func audible(_ observer: (any TranscriptionObserver)?) throws -> ArraySlice<Place> {
        var loudness = slots.map { _ in LevelHistogram() }
        try listen(CrosstalkCancellation(channels: slots.count).rows, observer) { samples in
            for (index, channel) in samples.enumerated() { loudness[index].add(channel) }
        }
        let loudest = loudness.map(\.loud).max() ?? 0
        let floor = max(Int(ChannelAnalysis.silence), loudest - BlockLevels.leastBelowLoudest)
        let heard = loudness.indices.filter { loudness[$0].loud > floor }
            .sorted { (-loudness[$0].loud, $0) < (-loudness[$1].loud, $1) }
        let lively = heard.filter { loudness[$0].varies }
        if heard.isEmpty { return slots.prefix(1) }
        return (lively.isEmpty ? heard : lively).map { slots[$0] }[...]
    }
}

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
