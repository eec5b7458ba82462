import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibText
import NIOCore

/// `POST audio/upload`: a form with the field `file`, written to the inbox as it arrives.
struct UploadRoute {
    /// The largest size in bytes of the form around the file, for ordinary clients.
    static let largestForm = 65_536

    let parts: ControlDependencies
    /// Bytes of the whole body. Larger than the limit of files, so that the pipeline reports a file that is
    /// too large.
    let limit: Int

    func add(to routes: inout RouteTable) {
        routes.post("audio/upload") { request, context in
            try await upload(request, context)
        }
    }

    private func upload(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let owner = try await owner(caller, QueryParameters(request))
        guard let parser = Self.parser(request.headers) else {
            throw ControlFailure(.unsupportedMediaType, .unsupportedType, .noForm)
        }
        let size = Self.leastSize(request.headers)
        try await requireRoom(for: owner, size)
        var form = UploadForm(parser: parser, owner: owner, atLeast: size, uploads: parts.uploads)
        let id: RecordingID
        do {
            id = try await form.receive(request.body, upTo: limit)
        } catch {
            await form.cancel()
            throw UploadFailure.failure(error, about: form.fileName, parts.quotas)
        }
        return try await parts.recordResponse(id, for: caller, context.language)
    }

    /// The minimum size of the file in bytes; 0 if the client does not announce a length.
    private static func leastSize(_ headers: HTTPFields) -> Int64 {
        let declared = headers[.contentLength].flatMap(Int64.init) ?? 0
        return max(0, declared.minus(Int64(largestForm)))
    }

    /// Before a byte of the body is read.
    private func requireRoom(for owner: UserID, _ size: Int64) async throws {
        guard let rejection = try await parts.uploads.refusal(ofUploadTo: owner, atLeast: size) else {
            return
        }
        throw UploadFailure.failure(rejection, about: "", parts.quotas)
    }

    /// The caller's own folder, unless an admin names another user; the operator must name one.
    private func owner(_ caller: Caller, _ query: QueryParameters) async throws -> UserID {
        let name = query.text("user")
        if case .session(let session) = caller {
            if name.map({ UserFolder($0) == session.user.folder }) ?? true {
                return session.user.id
            }
            guard caller.isAdmin else { throw ControlFailure(.forbidden, .forbidden, .forbidden) }
        }
        guard let name,
            let user = try await parts.accounts.users(named: name, skip: 0, limit: 1).users.first
        else { throw ControlFailure.invalid("user") }
        return user.id
    }

    private static func parser(_ headers: HTTPFields) -> MultipartParser? {
        guard let field = headers[.contentType] else { return nil }
        let type = HeaderParameters(field)
        guard type.value == "multipart/form-data" else { return nil }
        return type["boundary"].flatMap(MultipartParser.init(boundary:))
    }
}
