import HTTPTypes
import KotibControlProtocol

/// Why a request is refused: thrown by a route, answered as an ``ErrorBody``.
struct ControlFailure: Error, Hashable, Sendable {
    var status: HTTPResponse.Status
    var body: ErrorBody
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status, _ code: ErrorCode, _ detail: String, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.body = ErrorBody(detail: detail, code: code)
        self.headers = headers
    }
}
