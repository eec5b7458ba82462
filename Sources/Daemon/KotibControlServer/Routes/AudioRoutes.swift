import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibIngest
import KotibLibrary
import KotibModel
import KotibSidecars
import KotibText
import Logging

/// `audio/{id}`: show, edit, delete and retry one recording.
struct AudioRoutes {
    /// Bytes: the longest text in Cyrillic, with two bytes a letter that JSON may write as six.
    static let longestBody = 3 * Sidecars.longestText + 65_536

    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("audio/{id}") { _, context in
            let caller = try context.requireCaller()
            return try await parts.recordResponse(context.recordingID(), for: caller, context.language)
        }
        routes.put("audio/{id}") { request, context in
            try await edit(request, context)
        }
        routes.delete("audio/{id}") { _, context in
            try await delete(context)
        }
        routes.post("audio/{id}/retry") { _, context in
            try await retry(context)
        }
        routes.post("audio/{id}/sidecars") { _, context in
            try await rewriteTexts(context)
        }
    }

    private func edit(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let id = try context.recordingID()
        let condition = try Precondition(request.headers)
        let share = parts.bodies.share()
        defer { withExtendedLifetime(share) {} }
        let text = try await ControlJSON.decode(
            EditRequest.self, from: request, upTo: Self.longestBody, share: share
        ).transcriptText
        guard text.utf8.count <= Sidecars.longestText else {
            throw ControlFailure(.contentTooLarge, .tooLarge, .textTooLong)
        }
        // A file with a NUL in it is no text to those who read it.
        guard !text.utf8.contains(0) else { throw ControlFailure.invalid("transcript_text") }
        return try await parts.edit(id, text, by: caller, condition, context.language)
    }

    private func delete(_ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        do {
            guard try await parts.actions.delete(id, in: scope) else {
                throw ControlFailure(.notFound, .notFound, .notDeleted)
            }
        } catch is NotAFile {
            throw ControlFailure(.conflict, .wrongState, .notAFile)
        } catch let error as FileNotRemoved {
            context.logger.warning("\(error)", metadata: ["recording": "\(id)"])
            if error.isUnchanged {
                throw ControlFailure(.internalServerError, .internal, .notDeleted)
            }
            return try ControlJSON.response(
                MessageBody(message: Sentence.deletionPending.text(in: context.language)), status: .accepted)
        }
        return try ControlJSON.response(MessageBody(message: Sentence.deleted.text(in: context.language)))
    }

    private func retry(_ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        switch try await parts.actions.retry(context.recordingID(), in: caller.scope) {
        case .queued(let id): return try await parts.recordResponse(id, for: caller, context.language)
        case .notFound: throw ControlFailure.noRecording
        case .archived: throw ControlFailure(.conflict, .wrongState, .archivedNotRetried)
        case .unreachable: throw ControlFailure.audioUnreachable
        case .notNow: throw ControlFailure(.conflict, .wrongState, .notRetried)
        }
    }

    private func rewriteTexts(_ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        let (sentence, status): (Sentence, HTTPResponse.Status)
        switch try await parts.actions.rewriteTexts(id, in: scope) {
        case .written: (sentence, status) = (.textsRewritten, .ok)
        case .later: (sentence, status) = (.textsPending, .accepted)
        case .nothing: throw ControlFailure(.conflict, .wrongState, .noTexts)
        case .notFound: throw ControlFailure.noRecording
        }
        return try ControlJSON.response(
            MessageBody(message: sentence.text(in: context.language)), status: status)
    }
}

extension ControlDependencies {
    /// The recording; its latest revision is the entity tag.
    /// - Throws: ``ControlFailure``, 404 if it does not exist or the caller may not see it.
    func recordResponse(
        _ id: RecordingID, for caller: Caller, _ messages: Language
    ) async throws -> Response {
        guard let listed = try await catalog.listing.listed(id, in: caller.scope) else {
            guard try await catalog.deletions.find(of: id, in: caller.scope) != nil else {
                throw ControlFailure.noRecording
            }
            throw ControlFailure(.notFound, .notFound, .deletionPending)
        }
        let body = AudioRecordBody(
            listed.entry, progress: await progress()[id], endings: endings, in: messages)
        var headers: HTTPFields = [:]
        headers[.eTag] = body.revision.map { "\"\($0)\"" }
        if listed.longText == nil { return try ControlJSON.response(body, headers: headers) }
        let text = try StreamedTextJSON(listed, body)
        return ControlJSON.pieces(headers: headers) { pieces, writer in
            try await text.write(&pieces, to: &writer, self, for: caller.limitKey)
        }
    }

    /// Edits the words if `condition` holds, and responds with the recording.
    func edit(
        _ id: RecordingID, _ text: String, by caller: Caller, _ condition: Precondition,
        _ messages: Language
    ) async throws -> Response {
        guard let entry = try await catalog.listing.listed(id, in: caller.scope)?.entry else {
            throw ControlFailure.noRecording
        }
        let edit = TranscriptEdit(
            recording: id, scope: caller.scope, text: text, author: caller.user, origin: .socket,
            expected: condition.expected(at: entry.revision))
        return try await response(to: try await actions.edit(edit), entry, text, for: caller, messages)
    }

    /// Makes the words and times of an earlier revision current again; later revisions stay in the list.
    func restore(
        _ old: Revision, by caller: Caller, _ condition: Precondition, _ messages: Language
    ) async throws -> Response {
        guard let entry = try await catalog.listing.listed(old.recording, in: caller.scope)?.entry else {
            throw ControlFailure.noRecording
        }
        let outcome = try await actions.restore(
            old.id, of: old.recording, in: caller.scope, author: caller.user,
            expected: condition.expected(at: entry.revision))
        return try await response(to: outcome, entry, old.text, for: caller, messages)
    }

    private func response(
        to outcome: EditOutcome, _ entry: LibraryEntry, _ text: String, for caller: Caller,
        _ messages: Language
    ) async throws -> Response {
        switch outcome {
        case .edited, .unchanged: return try await recordResponse(entry.recording.id, for: caller, messages)
        case .conflict(let current):
            var failure = ControlFailure(.conflict, .conflict, .editedMeanwhile)
            failure.current = RevisionBody(current)
            failure.yours = text
            // Both texts, and as JSON.
            failure.share = try answers.demand(
                2 * (text.utf8.count + current.text.utf8.count), for: caller.limitKey)
            throw failure
        case .notFound: throw ControlFailure.noRecording
        case .notTranscribed: throw ControlFailure.withoutTranscript(entry.recording.state)
        case .overQuota(let rejection):
            throw ControlFailure(UploadFailure.insufficientStorage, .overQuota, .textRejected(rejection))
        }
    }
}

extension Caller {
    /// Nil for the local operator.
    fileprivate var user: UserID? {
        switch self {
        case .localOperator: nil
        case .session(let session): session.user.id
        }
    }
}
