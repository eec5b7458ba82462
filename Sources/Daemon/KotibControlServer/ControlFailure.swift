import HTTPTypes
import KotibControlProtocol
import KotibText

/// A refused request: thrown by a route, sent as an ``ErrorBody`` in the caller's language.
struct ControlFailure: Error, Hashable, Sendable {
    var status: HTTPResponse.Status
    var code: ErrorCode
    var sentence: Sentence
    var headers: HTTPFields
    /// Only with a conflict of edits.
    var current: RevisionBody?
    var yours: String?
    /// The memory reservation of a large response.
    var share: ResponseMemoryLimit.Reservation?

    init(
        _ status: HTTPResponse.Status, _ code: ErrorCode, _ sentence: Sentence, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.sentence = sentence
        self.headers = headers
    }

    static func invalid(_ name: String) -> ControlFailure {
        ControlFailure(.unprocessableContent, .invalid, .invalid(name))
    }

    /// - Parameter seconds: for Retry-After (RFC 9110, 10.2.3).
    static func later(
        _ status: HTTPResponse.Status, _ code: ErrorCode, _ sentence: Sentence, seconds: Int64
    ) -> ControlFailure {
        ControlFailure(status, code, sentence, headers: [.retryAfter: String(max(1, seconds))])
    }

    func body(in language: Language) -> ErrorBody {
        ErrorBody(detail: sentence.text(in: language), code: code, current: current, yours: yours)
    }
}
