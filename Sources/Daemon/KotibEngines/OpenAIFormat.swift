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
