import FoundationEssentials
import KotibHTTP
import KotibModel

/// The transcript of a response with status 200. Any deviation from the expected format is an error.
struct OpenAIResponse: Hashable {
    var text: String
    /// Nil if the response format has none.
    var segments: [TranscriptSegment]?
    /// ISO 639-1.
    var language: String?

    /// A fault of a response. The texts end a sentence that begins with "the server answered with".
    enum ResponseError: Error, Hashable {
        /// Not from a transcription service.
        case stranger(String)
        /// From a transcription service, but malformed.
        case broken(String)
    }

    /// - Throws: ``ResponseError``.
    init(_ response: HTTPResponse, format: OpenAIFormat) throws(ResponseError) {
        let isText = format == .text
        let type = response.mediaType ?? "no content type"
        guard isText ? type == "text/plain" : (type == "application/json" || type.hasSuffix("+json")) else {
            throw .stranger("\(ByteText.escaped(type.utf8.prefix(60))) instead of a transcript")
        }
        guard let body = String(validating: response.body, as: UTF8.self) else {
            throw .broken("bytes that are not UTF-8")
        }
        self = isText ? try Self.plain(body, response) : try Self.json(response.body)
    }

    private init(text: String, segments: [TranscriptSegment]?, language: String?) {
        self.text = text
        self.segments = segments
        self.language = language
    }

    private static func plain(_ body: String, _ response: HTTPResponse) throws(ResponseError)
        -> OpenAIResponse
    {
        // JSON that breaks off is no JSON; text that breaks off is text still.
        guard response.isDelimited else { throw .broken("text of unknown length") }
        let text = CleanText.cleaned(body)
        guard !text.hasPrefix("{"), !text.hasPrefix("<") else { throw .broken("markup instead of text") }
        return OpenAIResponse(text: text, segments: nil, language: nil)
    }

    private struct Body: Decodable {
        struct Segment: Decodable {
            var start: Double
            var end: Double
            var text: String
        }
        var text: String
        var language: String?
        var segments: [Segment]?
    }

    private static func json(_ bytes: [UInt8]) throws(ResponseError) -> OpenAIResponse {
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch {
            throw .broken("JSON that is broken or holds no transcript")
        }
        var last = 0.0
        let segments = body.segments?.map { segment in
            // Servers round: a start a little before the last end, an end before its start.
            let start = max(segment.start, 0)
            last = max(start, segment.end)
            return TranscriptSegment(start: start, end: last, text: CleanText.cleaned(segment.text))
        }
        guard segments?.allSatisfy({ AudioFacts.isDuration($0.end) }) ?? true else {
            throw .broken("times without end")
        }
        return OpenAIResponse(
            text: CleanText.cleaned(body.text), segments: segments,
            language: body.language.flatMap(OpenAILanguages.code))
    }
}

extension OpenAIResponse {
    /// The segments as running text, if they hold the same words or the response has no other text. Otherwise
    /// the server's own text, since either may be the right one.
    var inParagraphs: String {
        guard let segments, !segments.isEmpty else { return text }
        let paragraphs = Transcript.text(of: segments)
        return text.isEmpty || Self.words(paragraphs) == Self.words(text) ? paragraphs : text
    }

    /// Without the blanks, which servers set between segments as they like.
    private static func words(_ text: String) -> String { text.filter { !$0.isWhitespace } }

    /// Warnings that follow from the response alone; no other check of the recording was made.
    var warnings: [RecordingWarning] {
        guard inParagraphs.isEmpty else { return [] }
        let heard = segments?.reduce(0) { $0 + max(0, $1.end - $1.start) } ?? 0
        return [
            heard > 0
                ? RecordingWarning(.speechWithoutWords, seconds: heard) : RecordingWarning(.noSpeechHeard)
        ]
    }
}

/// Removes characters that no transcript may contain.
enum CleanText {
    /// Without control characters, which could steer a terminal (line feed and tab stay), and without white
    /// space around it.
    static func cleaned(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || !isControl($0) }
        guard let first = kept.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = kept.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(kept[first...last])
    }

    /// In one line, and cut to `length` characters.
    static func line(_ text: String, length: Int = 300) -> String {
        let words = cleaned(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= length ? words : words.prefix(length - 1) + "…"
    }

    /// Unicode's category Cc, the marks that turn the direction of writing (UAX 9), and the byte order mark.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: scalar.properties.generalCategory == .control
        }
    }
}

/// The response formats, best first.
enum OpenAIFormat: String, Sendable, CaseIterable {
    /// With times and the language.
    case verboseJSON = "verbose_json"
    case json
    case text

    /// The response format to ask for first: OpenAI's gpt-4o models have no times, and a refused request
    /// counts against the limit of requests.
    init(model: String) {
        self = model.hasPrefix("gpt-4o") ? .json : .verboseJSON
    }

    /// The response format to ask for if this one is refused.
    var next: OpenAIFormat? {
        switch self {
        case .verboseJSON: .json
        case .json: .text
        case .text: nil
        }
    }
}

/// The languages that Whisper distinguishes, by its own names (LANGUAGES in OpenAI's whisper, tokenizer.py),
/// with their codes: ISO 639-1, but for Cantonese and Hawaiian, which have none there (ISO 639-3).
enum OpenAILanguages {
    /// The code for `english`, `English` or `en`; nil for what is no language of Whisper's.
    static func code(_ language: String) -> String? {
        let language = language.lowercased()
        return names[language] ?? (codes.contains(language) ? language : nil)
    }

    private static let codes = Set(names.values)

    private static let names = [
        "afrikaans": "af", "albanian": "sq", "amharic": "am", "arabic": "ar", "armenian": "hy",
        "assamese": "as", "azerbaijani": "az", "bashkir": "ba", "basque": "eu", "belarusian": "be",
        "bengali": "bn", "bosnian": "bs", "breton": "br", "bulgarian": "bg", "cantonese": "yue",
        "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl",
        "english": "en", "estonian": "et", "faroese": "fo", "finnish": "fi", "french": "fr",
        "galician": "gl", "georgian": "ka", "german": "de", "greek": "el", "gujarati": "gu",
        "haitian creole": "ht", "hausa": "ha", "hawaiian": "haw", "hebrew": "he", "hindi": "hi",
        "hungarian": "hu", "icelandic": "is", "indonesian": "id", "italian": "it", "japanese": "ja",
        "javanese": "jv", "kannada": "kn", "kazakh": "kk", "khmer": "km", "korean": "ko", "lao": "lo",
        "latin": "la", "latvian": "lv", "lingala": "ln", "lithuanian": "lt", "luxembourgish": "lb",
        "macedonian": "mk", "malagasy": "mg", "malay": "ms", "malayalam": "ml", "maltese": "mt",
        "maori": "mi", "marathi": "mr", "mongolian": "mn", "myanmar": "my", "nepali": "ne",
        "norwegian": "no", "nynorsk": "nn", "occitan": "oc", "pashto": "ps", "persian": "fa",
        "polish": "pl", "portuguese": "pt", "punjabi": "pa", "romanian": "ro", "russian": "ru",
        "sanskrit": "sa", "serbian": "sr", "shona": "sn", "sindhi": "sd", "sinhala": "si", "slovak": "sk",
        "slovenian": "sl", "somali": "so", "spanish": "es", "sundanese": "su", "swahili": "sw",
        "swedish": "sv", "tagalog": "tl", "tajik": "tg", "tamil": "ta", "tatar": "tt", "telugu": "te",
        "thai": "th", "tibetan": "bo", "turkish": "tr", "turkmen": "tk", "ukrainian": "uk", "urdu": "ur",
        "uzbek": "uz", "vietnamese": "vi", "welsh": "cy", "yiddish": "yi", "yoruba": "yo",
    ]
}
