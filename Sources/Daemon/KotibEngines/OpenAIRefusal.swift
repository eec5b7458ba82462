import FoundationEssentials
import KotibHTTP
import KotibText
import KotibTranscription

/// A response with a status other than 200, and its meaning for the recording and the queue.
struct OpenAIRefusal: Hashable {
    let status: Int
    /// The server's message, in one line. Empty if it cannot be read.
    let message: String
    /// OpenAI's code or type of error, such as `insufficient_quota`.
    let codes: Set<String>
    /// The field of the request that is wrong.
    let field: String?
    let retryAfter: Duration?

    /// The pause for errors that only a person can correct: a key, a bill, a wrong address.
    static let pause = Duration.seconds(600)

    init(_ response: HTTPResponse, key: APIKey, now: Date) {
        status = response.status
        retryAfter = RetryAfter.delay(asked: response, now: now)
        let said = OpenAIErrorBody(response)
        message = CleanText.line(key.hidden(in: said.message))
        codes = said.codes
        field = said.field
    }

    /// Whether the server does not support the response format.
    var namesResponseFormat: Bool {
        (status == 400 || status == 422)
            && (field == "response_format" || message.contains("response_format"))
    }

    /// - Parameter server: host and port.
    func error(server: String) -> EngineError {
        switch status {
        case 401, 403: .unavailable(message: withServerMessage(.keyRefused(server)), retryAfter: pause)
        case 402:
            .unavailable(message: withServerMessage(.paymentRequired(server)), retryAfter: RetryAfter.longest)
        case 429 where isQuota:
            .unavailable(message: withServerMessage(.quotaSpent(server)), retryAfter: RetryAfter.longest)
        case 429: .unavailable(message: withServerMessage(.tooManyRequests(server)), retryAfter: retryAfter)
        case 503, 529: .unavailable(message: withServerMessage(.overloaded(server)), retryAfter: retryAfter)
        case 400, 413, 415, 422:
            isAboutSettings
                ? .unavailable(message: withServerMessage(.settingsRefused(server)), retryAfter: pause)
                : .permanent(message: withServerMessage(.recordingRefused(server)))
        case 408, 409, 425, 500...599:
            .transient(message: withServerMessage(.notTranscribedNow(server)), retryAfter: retryAfter)
        case 300...399: .unavailable(message: withServerMessage(.redirected(server)), retryAfter: pause)
        case 400...499: .unavailable(message: withServerMessage(.nothingThere(server)), retryAfter: pause)
        default: .transient(message: withServerMessage(.unexpectedAnswer(server)), retryAfter: retryAfter)
        }
    }

    private var pause: Duration { max(retryAfter ?? .zero, Self.pause) }

    /// Whether money or a quota is used up, which does not come back within a minute.
    private var isQuota: Bool {
        !codes.isDisjoint(with: ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"])
    }

    /// Whether the settings are wrong, so that every recording fails.
    private var isAboutSettings: Bool {
        field == "model" || field == "response_format" || message.contains("response_format")
            || !codes.isDisjoint(with: ["model_not_found", "invalid_api_key"])
    }

    private func withServerMessage(_ sentence: Sentence) -> Sentence {
        sentence.with(status: status, message)
    }
}

/// The error in a body, in the forms that servers are known to send: OpenAI's object, whisper.cpp's string,
/// FastAPI's `detail`, or plain text.
private struct OpenAIErrorBody {
    var message = ""
    var codes: Set<String> = []
    var field: String?

    private struct Body: Decodable {
        var error: Problem?
        var detail: Problem?
        var message: String?
    }

    private enum Problem: Decodable {
        case text(String)
        case object(Fields)
        case list([Fields])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let list = try? container.decode([Fields].self) {
                self = .list(list)
            } else {
                self = .object(try container.decode(Fields.self))
            }
        }
    }

    private struct Fields: Decodable {
        var message: String?
        var msg: String?
        var type: String?
        var code: Code?
        var param: String?
        /// FastAPI's path to the field: `["body", "response_format"]`.
        var loc: [Code]?
    }

    /// A code is a word, or with some servers a number.
    private struct Code: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    init(_ response: HTTPResponse) {
        guard let text = String(validating: response.body, as: UTF8.self) else { return }
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(response.body)) else {
            if response.mediaType == "text/plain" { message = text }
            return
        }
        message = body.message ?? ""
        switch body.error ?? body.detail {
        case .text(let text): message = text
        case .object(let fields): read(fields)
        case .list(let list): list.first.map { read($0) }
        case nil: break
        }
    }

    private mutating func read(_ fields: Fields) {
        message = fields.message ?? fields.msg ?? message
        codes = Set([fields.code?.text, fields.type].compactMap { $0 })
        field = fields.param ?? fields.loc?.last?.text
    }
}
