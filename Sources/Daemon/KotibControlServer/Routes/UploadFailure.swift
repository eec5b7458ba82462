import Glibc
import HTTPTypes
import KotibCatalog
import KotibControlProtocol
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibText

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
