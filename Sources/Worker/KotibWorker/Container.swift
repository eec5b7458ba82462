import CAV
import KotibModel

/// The kinds of file that the worker can open. The raw value is libav's short name of the only demuxer that
/// is used.
enum Container: String, CaseIterable, Sendable {
    case wav
    case mp3
    case mov = "mov,mp4,m4a,3gp,3g2,mj2"
    case flac
    case ogg
    case matroska = "matroska,webm"
    case aac
    case amr
    case asf
    case caf

    /// Lower case, without the dot.
    static let extensions = Dictionary(
        uniqueKeysWithValues: AudioFileExtension.allCases.compactMap { ending in
            Container(rawValue: ending.container).map { (ending.rawValue, $0) }
        })

    /// libmagic's media types for this kind; writers of one container differ in the brand that they state.
    /// (file(1)'s magic/Magdir: riff, audio, animation, vorbis, matroska, asf; and the registered names of
    /// RFC 3533 and 7845, 3839, 4867, so that another version's words are understood.)
    var mediaTypes: Set<String> {
        switch self {
        case .wav: ["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"]
        case .mp3: ["audio/mpeg", "audio/mp3"]
        case .mov:
            [
                "audio/x-m4a", "audio/mp4", "audio/3gpp", "audio/3gpp2", "video/mp4", "video/x-m4v",
                "video/quicktime", "video/3gpp", "video/3gpp2", "application/mp4",
            ]
        case .flac: ["audio/flac", "audio/x-flac"]
        case .ogg: ["audio/ogg", "audio/opus", "audio/x-opus+ogg", "video/ogg", "application/ogg"]
        case .matroska: ["audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska"]
        case .aac: ["audio/x-hx-aac-adts", "audio/x-hx-aac-adif", "audio/aac", "audio/x-aac"]
        case .amr: ["audio/amr", "audio/x-amr", "audio/amr-wb"]
        case .asf: ["video/x-ms-asf", "audio/x-ms-wma", "video/x-ms-wmv", "application/vnd.ms-asf"]
        case .caf: ["audio/x-caf"]
        }
    }

    /// The media type for kinds that libmagic does not know.
    private var usualMediaType: String {
        switch self {
        case .wav: "audio/x-wav"
        case .mp3: "audio/mpeg"
        case .mov: "audio/mp4"
        case .flac: "audio/flac"
        case .ogg: "audio/ogg"
        case .matroska: "audio/webm"
        case .aac: "audio/aac"
        case .amr: "audio/amr"
        case .asf: "audio/x-ms-wma"
        case .caf: "audio/x-caf"
        }
    }

    /// libmagic's media type, if it is one of this kind.
    func mediaType(_ kind: ContentKind) -> String {
        mediaTypes.contains(kind.mediaType.lowercased()) ? kind.mediaType : usualMediaType
    }

    /// libav's names of the codecs that are decoded from this container. Others stay closed, since libav has
    /// hundreds of decoders, and a container can name any of them.
    private var codecs: Set<String> {
        switch self {
        case .wav: ["adpcm_ms", "adpcm_ima_wav", "gsm_ms", "mp2", "mp3", "aac", "ac3"]
        case .mp3: ["mp3", "mp2"]
        case .mov:
            ["aac", "alac", "amr_nb", "amr_wb", "mp3", "mp2", "opus", "flac", "ac3", "eac3", "adpcm_ima_qt"]
        case .flac: ["flac"]
        case .ogg: ["opus", "vorbis", "flac", "speex"]
        case .matroska: ["opus", "vorbis", "aac", "mp3", "flac"]
        case .aac: ["aac"]
        case .amr: ["amr_nb", "amr_wb"]
        case .asf: ["wmav1", "wmav2", "wmapro", "wmavoice", "mp3"]
        case .caf: ["aac", "alac", "opus", "adpcm_ima_qt"]
        }
    }

    /// PCM is accepted in each of its variants where a container can hold it.
    private var holdsPCM: Bool {
        switch self {
        case .wav, .mov, .matroska, .asf, .caf: true
        case .mp3, .flac, .ogg, .aac, .amr: false
        }
    }

    /// Whether a codec of that name, which is libav's, may be opened.
    func allows(_ codec: String) -> Bool {
        codecs.contains(codec) || (holdsPCM && codec.hasPrefix("pcm_"))
    }

    /// Words of libmagic's description that settle the kind where the MIME type does not: good MP3 files are
    /// `application/octet-stream` to some versions, and an ID3 tag hides what comes after it.
    private var descriptions: [String] {
        switch self {
        case .mp3: ["Audio file with ID3", "MPEG ADTS, layer"]
        case .mov: ["ISO Media"]
        case .flac: ["contains: FLAC", "contains:FLAC"]
        case .aac: ["MPEG ADTS, AAC"]
        default: []
        }
    }

    func fits(_ kind: ContentKind) -> Bool {
        mediaTypes.contains(kind.mediaType.lowercased())
            || descriptions.contains { kind.description.contains($0) }
    }
}

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

/// Names kinds of recordings that are not supported, by libav's probes: they look at bytes, and none of these
/// demuxers is opened.
enum UnsupportedKind {
    /// Kinds of media by the short names of libav's demuxers. Those of texts and pictures, and those that
    /// take almost anything, are left out.
    private static let mediaTypes = [
        "aiff": "audio/x-aiff", "au": "audio/basic", "w64": "audio/x-w64", "wv": "audio/x-wavpack",
        "tta": "audio/x-tta", "ape": "audio/x-ape", "mpc": "audio/x-musepack", "mpc8": "audio/x-musepack",
        "tak": "audio/x-tak", "shn": "audio/x-shorten", "dsf": "audio/x-dsf", "iff": "audio/x-iff",
        "voc": "audio/x-voc", "ac3": "audio/ac3", "eac3": "audio/eac3", "dts": "audio/vnd.dts",
        "dtshd": "audio/vnd.dts.hd", "oma": "audio/x-oma", "dss": "audio/x-dss", "qcp": "audio/qcelp",
        "nistsphere": "audio/x-nist", "ircam": "audio/x-ircam", "xwma": "audio/x-xwma", "act": "audio/x-act",
        "loas": "audio/x-loas", "codec2": "audio/x-codec2", "mpegts": "video/mp2t", "mpeg": "video/mpeg",
        "avi": "video/x-msvideo", "flv": "video/x-flv", "rm": "application/vnd.rn-realmedia",
        "mxf": "application/mxf", "nut": "video/x-nut", "gxf": "video/x-gxf", "wtv": "video/x-wtv",
    ]

    /// Bytes that the probes see: of MPEG-TS, which has no signature, several hundred packets.
    private static let window = 1 << 16
    /// AVPROBE_SCORE_RETRY of libavformat/avformat.h: a probe that says no more than that is not sure.
    private static let leastScore: Int32 = 25
    /// Zeros behind the bytes, which libav asks for: AVPROBE_PADDING_SIZE of libavformat/avformat.h.
    private static let padding = 32

    /// Nil where libav knows none.
    /// - Throws: what the source throws.
    static func mediaType(of source: any ByteSource) throws -> String? {
        let start = try Container.start(in: source)
        let head = try source.head(at: start, count: Int(min(Int64(window), source.size - start)))
        var bytes = head + [UInt8](repeating: 0, count: padding)
        let name = bytes.withUnsafeMutableBufferPointer { buffer -> String? in
            var data = AVProbeData()
            data.buf = buffer.baseAddress
            data.buf_size = Int32(head.count)
            var score = leastScore
            // 1: not of those demuxers that open files themselves, by their names.
            let format = av_probe_input_format2(&data, 1, &score)
            return format?.pointee.name.map { String(cString: $0) }
        }
        return name.flatMap { mediaTypes[$0] }
    }
}
