/// The file name extensions of recordings that Kotib knows. A setting says which of them are accepted; the
/// content is recognized by its bytes.
public enum AudioFileExtension: String, CaseIterable, Sendable {
    case mp3, wav, m4a, flac
    /// Telegram's and WhatsApp's voice messages, and what browsers and phones record.
    case ogg, oga, opus, webm, aac, amr
    case threeGP = "3gp"
    case mp4, mov, wma
    /// Apple's Core Audio.
    case caf

    /// With or without a leading dot, any case; nil for one that Kotib does not know.
    public init?(_ text: String) {
        self.init(rawValue: text.drop { $0 == "." }.lowercased())
    }

    /// All that Kotib knows.
    public static let all = Set(allCases)

    /// The container of recordings with that ending: libav's short name.
    public var container: String {
        switch self {
        case .wav: "wav"
        case .mp3: "mp3"
        case .flac: "flac"
        case .m4a, .mp4, .mov, .threeGP: "mov,mp4,m4a,3gp,3g2,mj2"
        case .ogg, .oga, .opus: "ogg"
        case .webm: "matroska,webm"
        case .aac: "aac"
        case .amr: "amr"
        case .wma: "asf"
        case .caf: "caf"
        }
    }

    /// The usual extension of a kind; nil for an unknown container.
    /// - Parameters:
    ///   - container: libav's short name.
    ///   - mediaType: libmagic's media type, which distinguishes the members of the MP4 family.
    init?(container: String, mediaType: String) {
        guard let usual = Self.allCases.first(where: { $0.container == container }) else { return nil }
        guard usual == .m4a else {
            self = usual
            return
        }
        self =
            switch mediaType {
            case "video/quicktime": .mov
            case "audio/3gpp", "audio/3gpp2", "video/3gpp", "video/3gpp2": .threeGP
            case "video/mp4", "video/x-m4v": .mp4
            default: .m4a
            }
    }

    /// The extension by which other programs recognize a recording's content: its own, where it fits its
    /// container.
    /// - Parameters:
    ///   - name: lower case, without the dot.
    ///   - container: libav's short name. For an unknown container the result is `name`.
    public static func fitting(_ container: String, named name: String) -> String {
        if AudioFileExtension(name)?.container == container { return name }
        return allCases.first { $0.container == container }?.rawValue ?? name
    }
}

/// A file name extension that does not fit the content. It does not make the words doubtful, since the
/// content is recognized by its bytes. Computed from the catalog's data, so that it disappears when the file
/// is renamed.
public struct ExtensionMismatch: Hashable, Sendable {
    /// In the API and in logs, beside the codes of ``RecordingWarning``.
    public static let code = "wrong_ending"

    /// The ending that would fit.
    public var right: AudioFileExtension

    /// Nil if the name fits, if the content is not known, or if a file with a better extension would be
    /// refused.
    /// - Parameters:
    ///   - name: the file name extension, without the dot.
    ///   - accepted: the accepted extensions.
    public init?(_ facts: AudioFacts, named name: String, accepted: Set<AudioFileExtension>) {
        guard let named = AudioFileExtension(name), named.container != facts.container,
            let usual = AudioFileExtension(container: facts.container, mediaType: facts.mediaType)
        else { return nil }
        let fitting = [usual] + AudioFileExtension.allCases.filter { $0.container == facts.container }
        guard let right = fitting.first(where: accepted.contains) else { return nil }
        self.right = right
    }
}
