import CAV
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Says what a stranger's file is: type by libmagic, sound by libav, SHA-256, in one pass over its bytes.
final class RecordingInspector {
    private let magic: MagicDatabase
    /// Seconds of processor time for one file; the longest honest one takes about two.
    private let budget: Double

    init(_ magic: MagicDatabase, budget: Double = 30) {
        self.magic = magic
        self.budget = budget
    }

    /// - Throws: ``Rejection`` where the file is not to be taken, ``SystemError`` where it cannot be read,
    ///   ``EngineFailure`` where this process is at fault.
    func inspect(_ file: OpenFile, _ request: InspectRequest) throws -> AudioFacts {
        guard let container = Container.extensions[request.fileExtension] else {
            throw Rejection.unsupportedExtension(accepted: Container.extensions.keys.sorted())
        }
        if request.size <= 0 { throw Rejection.empty }
        let reader = try HashingReader(file, size: request.size)
        let kind = try recognise(reader, container)
        let promise = try Completeness(container, of: reader)
        let hash = try SoundHash(of: container, after: request.earlier)
        let demuxer = try open(reader, container, promise, hash)
        try promise.check(demuxer)
        let codec = try AudioCodec(
            demuxer.stream.pointee.codecpar, of: container, strict: container == .flac)
        var walk = PacketWalk(demuxer.stream, of: container)
        try walk.walk(demuxer, codec, longest: request.longestDuration)
        try promise.check(walk) { try Self.decodes(walk.last, of: demuxer, in: container) }
        let sound = try FurtherTracks(reader, container, request, ProcessorBudget(seconds: budget))
            .sound(beside: walk, codec, in: demuxer)
        return AudioFacts(
            mediaType: kind.mediaType, container: container.rawValue, codec: sound.codec,
            duration: sound.duration, channels: sound.channels, sampleRate: sound.sampleRate,
            sha256: try reader.finish(), sound: hash.finish(), continues: hash.continued,
            warnings: sound.warnings)
    }

    private func open(
        _ reader: HashingReader, _ container: Container, _ promise: Completeness, _ sound: SoundHash
    ) throws -> Demuxer {
        do {
            return try Demuxer(
                reader, container: container, budget: ProcessorBudget(seconds: budget), sound: sound)
        } catch let rejection as Rejection {
            // Where nothing of the promised sound is there, that is why.
            throw promise.isBroken(walked: 0) ? .incomplete : rejection
        }
    }

    private func recognise(_ reader: HashingReader, _ container: Container) throws -> ContentKind {
        let head = try reader.head()
        let kind = magic.kind(of: head, expecting: container.mediaTypes)
        do throws(Rejection) {
            try container.require(kind)
        } catch {
            throw Completeness.isBeginning(head, of: container) ? .incomplete : error
        }
        return kind
    }

    /// Whether the last packet is whole, as its checksum tells; in a decoder of its own.
    private static func decodes(
        _ packet: Packet?, of demuxer: Demuxer, in container: Container
    ) throws -> Bool {
        guard let packet else { return false }
        let codec = try AudioCodec(demuxer.stream.pointee.codecpar, of: container, strict: true)
        // After the last frame there may be rubbish, which is no frame.
        var frames = 0
        _ = codec.decode(packet) { _ in frames += 1 }
        return frames > 0
    }
}
