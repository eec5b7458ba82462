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
