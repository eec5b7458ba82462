import HTTPTypes
import HummingbirdCore
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText

/// `audio/{id}/revisions`: the history of the words.
struct RevisionRoutes {
    static let longestPage = 1000
    static let usualPage = 100

    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("audio/{id}/revisions") { request, context in
            try await list(QueryParameters(request), context)
        }
        routes.get("audio/{id}/revisions/{revision}") { _, context in
            try await show(context)
        }
        routes.post("audio/{id}/revisions/{revision}/restore") { request, context in
            try await restore(request, context)
        }
    }

    private func list(_ query: QueryParameters, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let id = try context.recordingID()
        let limit = try query.number("limit", within: 1...Self.longestPage) ?? Self.usualPage
        let before = try query.value("before") { Int64($0).map(RevisionID.init(rawValue:)) }
        let found = try await parts.catalog.listing.revisionIDs(
            of: id, in: caller.scope, before: before, limit: limit)
        guard let found else { throw ControlFailure.noRecording }
        return ControlJSON.pieces { [parts] pieces, writer in
            try await pieces.write("{\"items\":[".utf8, to: &writer)
            var (last, size): (RevisionID?, Int) = (nil, 0)
            for revision in found.prefix(limit) where size < ListingStore.longestRevisionList {
                // One that was deleted meanwhile is left out.
                let listed = try await parts.catalog.listing.listed(revision, of: id, in: caller.scope)
                guard let listed else { continue }
                if last != nil { try await pieces.write(",".utf8, to: &writer) }
                last = revision
                size += listed.textSize
                try await StreamedTextJSON(listed).write(&pieces, to: &writer, parts, for: caller.limitKey)
            }
            let next = last == found.last ? nil : last
            let end = next.map { "],\"next\":\($0.rawValue)}" } ?? "]}"
            try await pieces.write(end.utf8, to: &writer)
        }
    }

    private func show(_ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let text = try StreamedTextJSON(try await listed(context, for: caller))
        return ControlJSON.pieces { [parts] pieces, writer in
            try await text.write(&pieces, to: &writer, parts, for: caller.limitKey)
        }
    }

    private func listed(_ context: ControlContext, for caller: Caller) async throws -> ListedRevision {
        let id = try context.recordingID()
        let number = RevisionID(rawValue: try context.number("revision"))
        guard let listed = try await parts.catalog.listing.listed(number, of: id, in: caller.scope) else {
            throw ControlFailure(.notFound, .notFound, .noRevision)
        }
        return listed
    }

    private func restore(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let condition = try Precondition(request.headers)
        let listed = try await listed(context, for: caller)
        let share = try parts.answers.demand(2 * listed.textSize, for: caller.limitKey)
        defer { withExtendedLifetime(share) {} }
        let (id, number) = (listed.revision.recording, listed.revision.id)
        guard let old = try await parts.catalog.revisions.find(number, of: id, in: caller.scope) else {
            throw ControlFailure(.notFound, .notFound, .noRevision)
        }
        return try await parts.restore(old, by: caller, condition, context.language)
    }
}
