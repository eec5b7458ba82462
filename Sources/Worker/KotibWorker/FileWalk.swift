import CAV
import KotibModel
import KotibWorkerProtocol

/// A pass over a file of known kind: all its recordings, packet by packet, and its warnings.
struct FileWalk {
    private let reader: HashingReader
    private let container: Container
    private let request: InspectRequest
    private let budget: ProcessorBudget
    private let hash: AudioPacketHash

    /// Of the first track that can be decoded.
    private var packets: PacketScan?
    private var further = AdditionalTracks()
    /// Seconds that further tracks last longer than the first.
    private var overhang = 0.0
    /// libav's name, of the first track of the first recording.
    private var codec = ""
    private var doubts = InspectionWarnings()
    /// Whether what is decoded is not the file as it stands.
    private(set) var isPatched = false
    private var firstHasSound = true
    /// The problem with the first track if another is heard in its place.
    private var firstFault: Rejection?

    /// - Parameter hash: is shown the packets of all tracks.
    init(
        _ reader: HashingReader, _ container: Container, _ request: InspectRequest, _ hash: AudioPacketHash,
        budget: ProcessorBudget
    ) {
        self.reader = reader
        self.container = container
        self.request = request
        self.hash = hash
        self.budget = budget
    }

    /// The facts after the pass: all tracks together, the duration of the longest, the codec of the first
    /// with sound.
    var sound: (codec: String, duration: Double, channels: Int, sampleRate: Int) {
        (
            firstHasSound ? codec : further.codec ?? codec, (packets?.duration ?? 0) + overhang,
            (firstHasSound ? packets?.channels ?? 0 : 0) + further.channels,
            firstHasSound ? packets?.sampleRate ?? 0 : further.sampleRate
        )
    }

    var warnings: [RecordingWarning] {
        doubts.warnings + (further.leavesOut || firstFault != nil ? [RecordingWarning(.trackLeftOut)] : [])
    }

    /// - Throws: as ``RecordingInspector/inspect(_:_:)``.
    mutating func walk() throws {
        do {
            let parts = try RecordingPart.all(in: reader, container)
            isPatched = parts.contains { $0.isPatched(reader) }
            var fault: Rejection?
            for part in parts {
                do {
                    try walk(part)
                } catch let rejection as Rejection where parts.count > 1 && rejection.isOfOneRecording {
                    fault = fault ?? rejection
                    // A recording without any sound is no loss.
                    if rejection != RejectionDetail.silent { doubts.leavesOut = true }
                }
            }
            guard let packets else { throw fault ?? RejectionDetail.silent }
            doubts.leavesOut = doubts.leavesOut || leavesOutMore(than: parts)
            try requireSound(packets)
        } catch Rejection.damaged(let detail) where doubts.isShort {
            let damage = Rejection.damaged(detail: detail)
            throw damage == RejectionDetail.costly ? damage : RejectionDetail.fragment
        }
    }

    /// Whether there may be recordings behind those that are looked for.
    private func leavesOutMore(than parts: [RecordingPart]) -> Bool {
        guard let last = parts.last, last.range.upperBound == reader.size else { return true }
        // Only of WAV are those counted that are passed over.
        return container != .wav && parts.count == RecordingPart.most
    }

    /// - Parameter packets: of the first track, which may be silent where another is not.
    private mutating func requireSound(_ packets: PacketScan) throws {
        let fault = Result { () throws(Rejection) in
            try packets.requireSound(without: doubts.unwrittenBytes)
        }
        guard case .failure(let rejection) = fault else { return }
        if further.codec == nil { throw firstFault ?? rejection }
        firstHasSound = false
        if rejection != RejectionDetail.silent { firstFault = firstFault ?? rejection }
    }

    private mutating func walk(_ part: RecordingPart) throws {
        let isFirst = packets == nil
        hash.beginRecording()
        let source = part.source(reader)
        var promise = try CompletenessCheck(container, of: source, takesLess: request.takesIncomplete)
        doubts.isShort = doubts.isShort || promise.isShort
        let (track, demuxer, decoder) = try open(source, &promise)
        var walk = packets ?? PacketScan(demuxer.stream, of: container)
        let before = walk.duration
        try walk.walk(demuxer, decoder, longest: request.longestDuration)
        let length = walk.duration - before
        let longest = try further.walk(
            source, container, request, budget, tracks: track + 1..<demuxer.trackCount)
        if !isFirst && longest == 0 { try walk.requireLastDecoded() }
        overhang += max(0, longest - length)
        try promise.check(walk, length: length) { try decodes(walk.last, of: demuxer) }
        if promise.isShort {
            doubts.isShort = true
            // libav ends what it expects of a wave where the file does.
            doubts.missing +=
                container == .wav
                ? try WAVLayout.missing(in: source) : max(0, demuxer.expectedDuration(bitRate: 0) - length)
        }
        if let excess = part.excess ?? (isFirst ? nil : length) {
            doubts.isLonger = true
            doubts.excess += excess
        }
        if isFirst { codec = decoder.name }
        let hasHoles = try lookForHoles(in: part, source, promise, walk, demuxer)
        if container == .wav, !hasHoles, let search = BlankEnd(demuxer.stream, codec: decoder.name) {
            try lookForBlankEnd(search, of: source, part, length: length)
        }
        packets = walk
    }

    /// The first track with a codec that can be opened.
    /// - Throws: what is wrong with the first of all, where there is none.
    private mutating func open(
        _ source: any ByteSource, _ promise: inout CompletenessCheck
    ) throws -> (track: Int, Demuxer, AudioCodec) {
        var (track, count) = (0, 1)
        var fault: Rejection?
        while track < min(count, RecordingTracks.maxTracks) {
            let demuxer = try open(source, promise, track)
            count = demuxer.trackCount
            try promise.check(demuxer)
            do {
                let decoder = try AudioCodec(
                    demuxer.stream.pointee.codecpar, of: container, strict: container == .flac)
                firstFault = firstFault ?? fault
                return (track, demuxer, decoder)
            } catch let rejection as Rejection {
                fault = fault ?? rejection
                track += 1
            }
        }
        throw fault ?? RejectionDetail.silent
    }

    private func open(_ source: any ByteSource, _ promise: CompletenessCheck, _ track: Int) throws -> Demuxer
    {
        do {
            return try Demuxer(source, container: container, track: track, budget: budget, sound: hash)
        } catch let rejection as Rejection where promise.isBroken(walked: 0) {
            // The reason why none of the promised sound is there.
            if rejection == RejectionDetail.costly { throw rejection }
            throw request.takesIncomplete ? RejectionDetail.fragment : .incomplete
        }
    }

    /// Samples of PCM may be zeros for long; only the file system knows which of them nobody wrote.
    /// - Returns: whether there are any.
    private mutating func lookForHoles(
        in part: RecordingPart, _ source: any ByteSource, _ promise: CompletenessCheck, _ walk: PacketScan,
        _ demuxer: Demuxer
    ) throws -> Bool {
        let isPlain = container == .wav || codec.hasPrefix("pcm_")
        let runs =
            isPlain ? reader.holes(in: part.range) : try reader.zeroRuns(before: part.range.upperBound)
        let own = runs.filter { part.range.contains($0.lowerBound) }.map {
            $0.lowerBound - part.range.lowerBound..<$0.upperBound - part.range.lowerBound
        }
        let unwritten = isPlain ? own : promise.unwritten(own, of: source, walk, demuxer)
        try promise.check(unwritten: unwritten)
        // A doubt, and nothing to wait for.
        let isBlank = container == .wav && unwritten.isEmpty
        let blank = isBlank ? try zeroPages(in: part) : []
        let bytes = (unwritten + blank).reduce(0) { $0 + Int64($1.count) }
        guard bytes > 0 else { return false }
        doubts.unwrittenBytes += bytes
        if isPlain { doubts.unwritten += walk.duration * Double(bytes) / Double(source.size) }
        return true
    }

    private func zeroPages(in part: RecordingPart) throws -> [Range<Int64>] {
        try ZeroPages.find(in: zeroRuns(in: part), of: reader, upTo: part.range.upperBound)
    }

    private func zeroRuns(in part: RecordingPart) throws -> [Range<Int64>] {
        // A run is known once something else follows.
        let end = min(reader.size, part.range.upperBound + ZeroRuns.least)
        return try reader.zeroRuns(before: end).filter { part.range.contains($0.lowerBound) }
    }

    /// - Parameter length: of the part, in seconds.
    private mutating func lookForBlankEnd(
        _ search: BlankEnd, of source: any ByteSource, _ part: RecordingPart, length: Double
    ) throws {
        let start = part.range.lowerBound
        let runs = try zeroRuns(in: part).map { $0.lowerBound - start..<$0.upperBound - start }
        guard let sound = try WAVLayout.sound(in: source),
            let seconds = try search.find(in: runs, of: source, sound: sound, length: length)
        else { return }
        doubts.hasBlankEnd = true
        doubts.blankEnd += seconds
    }

    /// Whether the last packet is whole, as its checksum tells; in a decoder of its own.
    private func decodes(_ packet: Packet?, of demuxer: Demuxer) throws -> Bool {
        guard let packet else { return false }
        let codec = try AudioCodec(demuxer.stream.pointee.codecpar, of: container, strict: true)
        // After the last frame there may be rubbish, which is no frame.
        var frames = 0
        _ = codec.decode(packet) { _ in frames += 1 }
        return frames > 0
    }
}

extension Rejection {
    /// Whether it says nothing of the other recordings in a file that holds several.
    var isOfOneRecording: Bool {
        switch self {
        case .damaged: self != RejectionDetail.costly
        case .unsupportedCodec, .noSound: true
        default: false
        }
    }
}

/// Warnings of the inspection about a file that is accepted.
struct InspectionWarnings {
    /// Whether less is there than was promised.
    var isShort = false
    /// Seconds of that, where they are known.
    var missing = 0.0
    /// Whether more is there than the header says.
    var isLonger = false
    /// Seconds of that.
    var excess = 0.0
    /// Whether one of several recordings cannot be decoded, or stands behind the last that is looked for.
    var leavesOut = false
    /// Bytes that nobody wrote.
    var unwrittenBytes: Int64 = 0
    /// Seconds of that, where they are known.
    var unwritten = 0.0
    /// Whether a recording ends with zeros that may be silence.
    var hasBlankEnd = false
    /// Seconds of that.
    var blankEnd = 0.0

    /// Less is not worth a number.
    private static let leastSeconds = 0.1

    var warnings: [RecordingWarning] {
        func warning(_ code: RecordingWarning.Code, _ seconds: Double) -> RecordingWarning {
            RecordingWarning(code, seconds: seconds >= Self.leastSeconds ? seconds : nil)
        }
        return (isShort ? [warning(.shorterThanPromised, missing)] : [])
            + (isLonger ? [warning(.longerThanPromised, excess)] : [])
            + (leavesOut ? [RecordingWarning(.recordingLeftOut)] : [])
            + (unwrittenBytes > 0 ? [warning(.unwrittenPart, unwritten)] : [])
            + (hasBlankEnd ? [warning(.blankEnd, blankEnd)] : [])
    }
}
