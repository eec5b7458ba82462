import CCurl

/// The configuration of ``OpenAIEngine``.
public struct OpenAISettings: Sendable {
    /// OpenAI's own service.
    public static let openAI = "https://api.openai.com/v1"

    /// The extensions of formats that OpenAI documents (developers.openai.com/api/reference/resources/audio),
    /// and those that are sent under one of these names.
    public static let documentedExtensions: Set<String> = [
        "flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm", "oga", "opus",
    ]

    /// The longest time without progress, in addition to the recording's own length, since a server may work
    /// as slowly as real time.
    static let stall = Duration.seconds(120)

    /// `http` or `https`, up to and with `/v1`.
    var baseURL: String
    var model: String
    var key: APIKey
    /// The longest request, in bytes, its multipart form included. OpenAI takes 25 MiB
    /// (developers.openai.com/api/docs/guides/speech-to-text); servers of one's own often more.
    var uploadLimit: Int64
    /// The file name extensions that the server accepts; lower case, without the dot.
    var formats: Set<String>
    /// How long a connection may take.
    var connect: Duration
    /// The time limit of a request, in addition to the recording's own length.
    var total: Duration
    /// The longest answer, in bytes. With its times, an hour of speech takes about 1 MB.
    var answerLimit = 16 << 20

    public init(
        baseURL: String = OpenAISettings.openAI, model: String = "whisper-1", key: APIKey = APIKey(""),
        uploadLimit: Int64 = 25 << 20, formats: Set<String> = OpenAISettings.documentedExtensions,
        connect: Duration = .seconds(15), total: Duration = .seconds(3600)
    ) {
        self.baseURL = baseURL
        self.model = model
        self.key = key
        self.uploadLimit = uploadLimit
        self.formats = formats
        self.connect = connect
        self.total = total
    }
}

/// A key that no log, message or crash report shows.
public struct APIKey: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    let value: String

    /// Surrounding spaces and line ends, as in a file, are ignored.
    public init(_ text: String) {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        let start = text.drop(while: isSpace)
        value = String(start.reversed().drop(while: isSpace).reversed())
    }

    var isEmpty: Bool { value.isEmpty }
    public var description: String { isEmpty ? "(none)" : "(hidden)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// `text` with the key removed, in case a server repeats it.
    func hidden(in text: String) -> String {
        isEmpty
            ? text : text.split(separator: value, omittingEmptySubsequences: false).joined(separator: "(key)")
    }

    var isOneWord: Bool { value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

/// The reason why ``OpenAIEngine`` cannot work with its settings. The description is a sentence for the
/// administrator.
public enum OpenAISettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No `http` or `https` URL with a host, or one with a user, a query or a fragment.
    case baseURL(String)
    case noModel
    /// OpenAI's service without a key.
    case noKey
    /// Spaces, control characters or letters beyond ASCII.
    case malformedKey
    /// OpenAI's key would go over the network in clear.
    case unencrypted
    case limit

    public var description: String {
        switch self {
        case .baseURL(let url):
            "“\(url)” is no base URL; it should look like \(OpenAISettings.openAI)."
        case .noModel:
            "No model is set; OpenAI's service has whisper-1 and gpt-4o-transcribe, for example."
        case .noKey:
            "OpenAI's service needs an API key: set OPENAI_API_KEY, or the base URL of a server of your own."
        case .malformedKey:
            "The API key holds characters that no key has; was it copied whole, and nothing else with it?"
        case .unencrypted:
            "OpenAI's service is reached by https only; http would send the API key in clear."
        case .limit:
            "The limits of the OpenAI engine must be greater than zero."
        }
    }
}

/// A base URL, taken apart by the parser that will also send to it.
struct OpenAIEndpoint: Hashable, Sendable {
    /// The URL that recordings are posted to.
    let url: String
    /// Host and port, for messages.
    let server: String

    /// - Throws: ``OpenAISettingsError``.
    init(_ settings: OpenAISettings) throws(OpenAISettingsError) {
        guard let parts = curl_url() else { throw .baseURL(settings.baseURL) }
        defer { curl_url_cleanup(parts) }
        let base = String(settings.baseURL.reversed().drop { $0 == "/" }.reversed())
        guard !base.utf8.contains(0), curl_url_set(parts, CURLUPART_URL, base, 0) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: parts), ["http", "https"].contains(scheme),
            let host = Self.part(CURLUPART_HOST, of: parts),
            [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT].allSatisfy({
                Self.part($0, of: parts) == nil
            })
        else { throw .baseURL(settings.baseURL) }
        let isOpenAI = host.lowercased() == "openai.com" || host.lowercased().hasSuffix(".openai.com")
        if settings.model.isEmpty { throw .noModel }
        if isOpenAI && settings.key.isEmpty { throw .noKey }
        if !settings.key.isOneWord { throw .malformedKey }
        if isOpenAI && scheme == "http" { throw .unencrypted }
        if settings.uploadLimit <= 0 || settings.answerLimit <= 0 { throw .limit }
        url = base + "/audio/transcriptions"
        server = Self.part(CURLUPART_PORT, of: parts).map { "\(host):\($0)" } ?? host
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
