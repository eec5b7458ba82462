import KotibModel

/// Recognition of a file's kind by its bytes; the file name extension only decides between kinds that the
/// bytes leave open. Exactly one kind is found, and only its demuxer is opened.
extension Container {
    /// The offset of its signature: behind ID3 tags, which some programs put before files of any kind.
    static func start(in source: any ByteSource) throws -> Int64 {
        do {
            return try ID3Tag.end(in: source)
        } catch Rejection.incomplete {
            return 0
        }
    }

    /// By the signature at the beginning; nil for none, as of frames without a container.
    /// - Throws: ``Rejection/incomplete`` where the file ends before it, what the source throws.
    init?(signature source: any ByteSource) throws {
        let start = try Self.start(in: source)
        let head = try source.head(at: start, count: 16)
        let isRIFF = ["RIFF", "RIFX", "RF64", "BW64"].contains { head.starts(with: $0.utf8) }
        if isRIFF, head.dropFirst(8).starts(with: "WAVE".utf8) {
            self = .wav
        } else if try MP4Layout.begins(in: source, at: start) {
            self = .mov
        } else if head.starts(with: OggLayout.capture) {
            self = .ogg
        } else if head.starts(with: WebMLayout.magic) {
            self = .matroska
        } else if head.starts(with: ASFLayout.header) {
            self = .asf
        } else if head.starts(with: AMRLayout.narrowband) || head.starts(with: AMRLayout.wideband) {
            self = .amr
        } else if head.starts(with: FLACLayout.magic) {
            self = .flac
        } else if head.starts(with: CAFLayout.magic) {
            self = .caf
        } else {
            return nil
        }
    }

    /// - Parameters:
    ///   - kind: what libmagic says.
    ///   - hint: what the name's ending says.
    /// - Throws: ``Rejection/incomplete`` for the beginning of one, ``Rejection/wrongKind(found:)`` for sound
    ///   of a kind that is not read here, ``Rejection/notAudio(found:)`` for the rest.
    static func recognise(
        _ source: any ByteSource, _ kind: ContentKind, hint: Container
    ) throws -> Container {
        let candidates = [hint] + allCases.filter { $0 != hint }
        let named = candidates.first { $0.fits(kind) }
        if named != nil || !kind.isCertain, let frames = try FrameSearch(source) {
            // A tag or a recorder's rubbish hides them from libmagic; in other containers they are no frames.
            if named == nil || named == .mp3 || named == .aac { return frames.container }
        }
        // Of what follows a tag libmagic does not see everything.
        if let named, named != .mp3 { return named }
        if !kind.isCertain || named != nil, let found = try UnsupportedKind.mediaType(of: source) {
            throw Rejection.wrongKind(found: found)
        }
        if let named { return named }
        let head = try source.head(count: 64)
        if CompletenessCheck.isBeginning(head, of: hint) { throw Rejection.incomplete }
        // The length was set, and nothing written yet.
        if try BlockReader.endOfZeros(from: 0, in: source) == source.size { throw Rejection.incomplete }
        throw kind.isMedia
            ? Rejection.wrongKind(found: kind.mediaType) : Rejection.notAudio(found: kind.mediaType)
    }
}
