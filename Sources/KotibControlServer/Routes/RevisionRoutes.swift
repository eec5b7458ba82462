import HTTPTypes
import Hummingbird
import KotibCatalog
import KotibControlProtocol
import KotibModel

/// `audio/{id}/revisions`: how the words came to be what they are.
struct RevisionRoutes {
    static let longestPage = 1000
    static let usualPage = 100

    let parts: ControlParts

    func add(to group: RouterGroup<ControlContext>) {
        group.get("audio/:id/revisions") { request, context in
            try await list(QueryReader(request), context)
        }
        group.get("audio/:id/revisions/:revision") { _, context in
            try ControlJSON.response(RevisionBody(try await revision(context)))
        }
        group.post("audio/:id/revisions/:revision/restore") { request, context in
            try await restore(request, context)
        }
    }

    private func list(_ query: QueryReader, _ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        let limit = try query.number("limit", within: 1...Self.longestPage) ?? Self.usualPage
        let before = try query.value("before") { Int64($0).map(RevisionID.init(rawValue:)) }
        let page = try await parts.catalog.revisions(of: id, in: scope, before: before, limit: limit)
        guard let page else { throw ControlFailure.noRecording }
        return try ControlJSON.response(
            RevisionListBody(items: page.revisions.map(RevisionBody.init), next: page.next?.rawValue))
    }

    private func revision(_ context: ControlContext) async throws -> Revision {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        let number = RevisionID(rawValue: try context.number("revision"))
        guard let revision = try await parts.catalog.revision(number, of: id, in: scope) else {
            throw ControlFailure(.notFound, .notFound, .noRevision)
        }
        return revision
    }

    private func restore(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let condition = try Precondition(request.headers)
        let old = try await revision(context)
        return try await parts.restore(old, by: caller, condition, context.language)
    }
}
