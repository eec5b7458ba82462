import HTTPTypes
import KotibAccounts
import KotibControlProtocol
import KotibModel
import KotibText

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
