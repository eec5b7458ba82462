import KotibModel

/// The kinds of file that the worker can open: the raw value is libav's short name, the only demuxer used.
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

    /// Lower case, without the dot.
    static let extensions: [String: Container] = [
        "wav": .wav, "mp3": .mp3, "flac": .flac,
        "m4a": .mov, "mp4": .mov, "mov": .mov, "3gp": .mov,
        "ogg": .ogg, "oga": .ogg, "opus": .ogg,
        "webm": .matroska, "aac": .aac, "amr": .amr, "wma": .asf,
    ]

    /// What libmagic calls a file of this kind; writers of one container differ in the brand that they state.
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
        }
    }

    /// Words of libmagic's description that settle the kind where the MIME type does not: good MP3 files are
    /// `application/octet-stream` to some versions, and an ID3 tag hides what comes after it.
    private var descriptions: [String] {
        switch self {
        case .mp3: ["Audio file with ID3", "MPEG ADTS, layer"]
        case .mov: ["ISO Media"]
        case .flac: ["contains: FLAC", "contains:FLAC"]
        default: []
        }
    }

    func fits(_ kind: ContentKind) -> Bool {
        mediaTypes.contains(kind.mediaType.lowercased())
            || descriptions.contains { kind.description.contains($0) }
    }

    /// - Throws: ``Rejection/wrongKind(found:)`` for audio of another kind, ``Rejection/notAudio(found:)`` for
    ///   the rest.
    func require(_ kind: ContentKind) throws(Rejection) {
        if fits(kind) { return }
        let isAudio = kind.mediaType.hasPrefix("audio/") || Self.allCases.contains { $0.fits(kind) }
        throw isAudio ? .wrongKind(found: kind.mediaType) : .notAudio(found: kind.mediaType)
    }
}

/// What libmagic says of the first bytes of a file.
struct ContentKind: Hashable, Sendable {
    var mediaType: String
    var description: String
}
