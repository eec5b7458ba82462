import Glibc
import HTTPTypes
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibLibrary
import KotibModel
import KotibPOSIX
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

/// Runs `body`; errors that a person can act on become responses, others are passed on.
/// - Throws: ``ControlFailure``; errors of the catalog and the file system.
func answering<Value>(
    _ body: () async throws(AccountError) -> Value
) async throws -> Value {
    do throws(AccountError) {
        return try await body()
    } catch {
        switch error {
        case .invalidPhone: throw ControlFailure.invalid("phone_number")
        case .invalidName: throw ControlFailure(.unprocessableContent, .invalid, .invalidName)
        case .tooManyLoginAttempts(let wait):
            let seconds = wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)
            throw ControlFailure.later(.tooManyRequests, .tooMany, .tooManyLoginAttempts, seconds: seconds)
        case .wrongCode: throw ControlFailure(.badRequest, .wrongCode, .wrongCode)
        case .unauthorized: throw ControlFailure.unauthorized
        case .engineNotOffered(let offered):
            throw ControlFailure(.unprocessableContent, .invalid, .engineNotOffered(offered.map(\.rawValue)))
        case .noSuchUser: throw ControlFailure(.notFound, .notFound, .noSuchUser)
        case .taken: throw ControlFailure(.conflict, .conflict, .userTaken)
        case .notSent: throw ControlFailure(.internalServerError, .notSent, .notSent)
        case .folder(let cause): throw cause
        case .catalog(let cause): throw cause
        }
    }
}

extension ControlFailure {
    static var unauthorized: ControlFailure {
        ControlFailure(.unauthorized, .unauthorized, .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
    }
}

extension ControlFailure {
    /// The same for a missing recording and for another user's: nobody learns which ids exist.
    static let noRecording = ControlFailure(.notFound, .notFound, .noRecording)

    /// The file system of the audio is not mounted, or its folder may not be entered.
    static let audioUnreachable = ControlFailure.later(
        .serviceUnavailable, .unavailable, .audioUnreachable, seconds: 60)

    /// The reason why there is no transcript: it is pending, or there will be none.
    static func withoutTranscript(_ state: RecordingState) -> ControlFailure {
        switch state {
        case .pending, .processing: ControlFailure(.conflict, .wrongState, .transcriptPending)
        case .completed, .failed, .rejected: ControlFailure(.notFound, .notFound, .noTranscript)
        }
    }
}

/// The response to an upload.
enum UploadFailure {
    /// Other errors are left to the transport.
    /// - Parameter name: as the client calls the file; empty before that is known.
    static func failure(_ error: any Error, about name: String, _ quotas: Quotas) -> any Error {
        switch error {
        case let rejection as Rejection:
            let sentence = Sentence.rejected(rejection, about: ByteText.escaped(name.utf8))
            return rejected(rejection, sentence, quotas)
        case let error as UploadFormError: return form(error)
        case is MultipartParser.Failure: return ControlFailure(.badRequest, .refused, .brokenForm)
        case let error as UploadError: return upload(error)
        case let error as FileError where [ENOSPC, EDQUOT].contains(error.code): return noSpace
        case let error as CatalogError where error.code == .full: return noSpace
        default: return error
        }
    }

    /// RFC 4918, 11.5.
    static let insufficientStorage = HTTPResponse.Status(
        code: 507, reasonPhrase: "Insufficient Storage")
    private static let noSpace = ControlFailure(insufficientStorage, .noSpace, .noSpace)

    private static func rejected(
        _ rejection: Rejection, _ sentence: Sentence, _ quotas: Quotas
    ) -> ControlFailure {
        switch rejection {
        case .overQuotaBytes, .overQuotaFiles: ControlFailure(insufficientStorage, .overQuota, sentence)
        case .tooLarge: ControlFailure(.contentTooLarge, .tooLarge, sentence)
        // A recording that is longer than a day's minutes is not to be tried again.
        case .overQuotaMinutes where !rejection.exceedsQuotaAlone:
            .later(
                .tooManyRequests, .overQuota, sentence,
                seconds: Int64((quotas.untilMidnight / .seconds(1)).rounded(.up)))
        default: ControlFailure(.badRequest, .refused, sentence)
        }
    }

    private static func form(_ error: UploadFormError) -> ControlFailure {
        switch error {
        case .noFile: .invalid("file")
        case .emptyName: ControlFailure(.badRequest, .refused, .emptyName)
        case .incomplete: ControlFailure(.badRequest, .refused, .brokenForm)
        case .tooLarge: ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
        }
    }

    private static func upload(_ error: UploadError) -> ControlFailure {
        switch error {
        case .noSuchUser: .invalid("user")
        case .alreadyEnded, .changedMeanwhile: ControlFailure(.conflict, .conflict, .changedDuringUpload)
        case .foreignFolder: ControlFailure(.conflict, .wrongState, .foreignFolder)
        case .notInspected: .later(.serviceUnavailable, .unavailable, .notInspected, seconds: 10)
        }
    }
}
