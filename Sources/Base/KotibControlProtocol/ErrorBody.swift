/// The kind of an error, beside its HTTP status.
public enum ErrorCode: String, Codable, Sendable, CaseIterable {
    /// 422: a body or parameter cannot be read; 400 where the request as a whole cannot.
    case invalid
    /// 400: a wrong, used or expired one-time code.
    case wrongCode = "wrong_code"
    /// 400: the uploaded file was refused; the sentence says why.
    case refused
    /// 401: no token, or one that has expired or was revoked.
    case unauthorized
    /// 403: not for this role.
    case forbidden
    /// 404: it does not exist, or the caller may not see it.
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    /// 409: somebody else changed it first, or the name is taken.
    case conflict
    /// 409: not now, in this state.
    case wrongState = "wrong_state"
    /// 413; 431 for a head that is too large.
    case tooLarge = "too_large"
    /// 415.
    case unsupportedType = "unsupported_type"
    /// 429, with Retry-After.
    case tooMany = "too_many"
    /// 500.
    case `internal`
    /// 500, the status that existing clients expect: the message could not be sent.
    case notSent = "not_sent"
    /// 503, with Retry-After: overloaded, or stopping.
    case unavailable
    /// 507: the disk is full.
    case noSpace = "no_space"
    /// 507: the user's quota of bytes or files has no room; 429, with Retry-After: the day's minutes are
    /// used.
    case overQuota = "over_quota"
}

/// The body of every response with a status of 400 and more.
public struct ErrorBody: Codable, Hashable, Sendable {
    /// A sentence for a person, in the language of `Accept-Language` (uz, en, ru; uz unless asked for).
    public var detail: String
    /// An ``ErrorCode``.
    public var code: String
    /// Only with `conflict` of an edit: the current revision.
    public var current: RevisionBody?
    /// Only with `conflict` of an edit: the text that was sent.
    public var yours: String?

    public init(detail: String, code: ErrorCode, current: RevisionBody? = nil, yours: String? = nil) {
        self.detail = detail
        self.code = code.rawValue
        self.current = current
        self.yours = yours
    }
}
