import KotibModel
import KotibPOSIX

/// The decodable audio tracks of one recording, and the plan of their signals.
final class RecordingTracks {
    private let source: any ByteSource
    private let container: Container
    private let longestDuration: Double
    /// Indexes of the tracks, and what is known of each.
    private var tracks: [Track] = []
    let expectedDuration: Double

    private struct Track {
        var index: Int
        /// Seconds from the start of the recording to that of the track.
        var delay: Double
        var channels: Int
    }

    /// The limit of tracks: no recorder makes so many, and each costs a pass over the file.
    static let maxTracks = 32
    /// Channels that are compared; those beyond are heard as one.
    private static let maxChannels = 16

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
        let decoders = try open(mixes(unmixing.rows), rate: ChannelAnalysis.sampleRate)
        var survey = ChannelAnalysis(channels: slots.count)
        var allowance = allowance(at: ChannelAnalysis.sampleRate)
        var unseen = 0
        while allowance > 0 {
            let samples = try Self.sum(decoders, count: min(ChannelAnalysis.sampleRate, allowance))
            if samples[0].isEmpty { break }
            survey.add(samples)
            allowance -= samples[0].count
            unseen += samples[0].count
            // A sign of life for each minute of the recording, which takes a small part of a second.
            if unseen >= 60 * ChannelAnalysis.sampleRate {
                unseen = 0
                if observer?.isCancelled == true { throw CancellationError() }
                observer?.progressed(to: 0)
            }
        }
        survey.finish()
        return survey
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
                    slots.enumerated().flatMap { number, slot in
                        slot.filter { $0.track == track }.map {
                            ChannelMix.Part(channel: $0.channel, weight: weights[number] ?? 0)
                        }
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

    /// The channels of all tracks as the survey counts them; the last may stand for several.
    private var slots: [[Place]] {
        let places = tracks.enumerated().flatMap { track, known in
            (0..<known.channels).map { Place(track: track, channel: $0) }
        }
        guard places.count > Self.maxChannels else { return places.map { [$0] } }
        return places.prefix(Self.maxChannels - 1).map { [$0] } + [Array(places[(Self.maxChannels - 1)...])]
    }
}
