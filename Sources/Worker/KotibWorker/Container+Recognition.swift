import KotibModel

/// Which kind a file is. Its bytes say that and not its name: the ending only decides between kinds that the bytes
/// leave open. One kind is found, and only its demuxer is opened.
extension Container {
    /// By the signature at the beginning; nil for none, as of frames without a container.
    init?(signature source: any ByteSource) throws {
        let head = try source.head(count: 16)
        let isRIFF = ["RIFF", "RIFX", "RF64", "BW64"].contains { head.starts(with: $0.utf8) }
        if isRIFF, head.dropFirst(8).starts(with: "WAVE".utf8) {
            self = .wav
        } else if head.dropFirst(4).starts(with: "ftyp".utf8) {
            self = .mov
        } else if head.starts(with: OggLayout.capture) {
            self = .ogg
        } else if head.starts(with: WebMLayout.magic) {
            self = .matroska
        } else if head.starts(with: ASFLayout.header) {
            self = .asf
        } else if head.starts(with: AMRLayout.narrowband) || head.starts(with: AMRLayout.wideband) {
            self = .amr
        } else if try source.head(at: (try? ID3Tag.end(in: source)) ?? 0, count: 4) == FLACLayout.magic {
            self = .flac
        } else {
            return nil
        }
    }

    /// - Parameters:
    ///   - kind: what libmagic says.
    ///   - hint: what the name's ending says.
    /// - Throws: ``Rejection/incomplete`` for the beginning of one, ``Rejection/wrongKind(found:)`` for sound of a kind
    ///   that is not read here, ``Rejection/notAudio(found:)`` for the rest.
    static func recognise(
        _ source: any ByteSource, _ kind: ContentKind, hint: Container
    ) throws -> Container {
        let candidates = [hint] + allCases.filter { $0 != hint }
        let named = candidates.first { $0.fits(kind) }
        if named != nil || !kind.isCertain, let frames = try FrameSearch(source) {
            // A tag or a recorder's rubbish hides them from libmagic; in other containers they are no frames.
            if named == nil || named == .mp3 || named == .aac { return frames.container }
        }
        if let named { return named }
        let head = try source.head(count: 64)
        if Completeness.isBeginning(head, of: hint) { throw Rejection.incomplete }
        // The length was set, and nothing written yet.
        if try ByteWalk.endOfZeros(from: 0, in: source) == source.size { throw Rejection.incomplete }
        throw kind.isMedia
            ? Rejection.wrongKind(found: kind.mediaType) : Rejection.notAudio(found: kind.mediaType)
    }
}
