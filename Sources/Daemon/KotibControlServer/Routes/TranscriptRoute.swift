import HTTPTypes
import HummingbirdCore
import KotibCatalog
import KotibModel

/// `GET audio/{id}/transcript?format=`.
struct TranscriptRoute {
    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("audio/{id}/transcript") { request, context in
            try await transcript(request, context)
        }
    }

    private func transcript(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireCaller()
        let scope = caller.scope
        let id = try context.recordingID()
        let format =
            try QueryParameters(request).value("format", TranscriptFormat.init(rawValue:))
            ?? TranscriptFormat.txt
        guard let listed = try await parts.catalog.listing.listed(id, in: scope) else {
            throw ControlFailure.noRecording
        }
        let entry = listed.entry
        let share = try await share(id, for: caller)
        guard let revision = try await parts.catalog.revisions.find(entry.revision, of: id, in: scope),
            entry.text != nil || listed.longText != nil
        else { throw ControlFailure.withoutTranscript(entry.recording.state) }
        let name = ByteText.escaped(entry.recording.path.name)
        let document = TranscriptDocument(
            title: name, text: revision.text, segments: revision.segments, language: revision.language,
            duration: entry.recording.facts?.duration)
        let headers: HTTPFields = [
            .contentType: format.mediaType, .eTag: "\"\(revision.id)\"", .xContentTypeOptions: "nosniff",
            .contentDisposition: ContentDisposition.field("inline", "\(name).\(format.rawValue)"),
        ]
        let bytes = Array(try document.rendered(as: format).utf8)
        return Response(status: .ok, headers: headers, body: ResponseBody(bytes, keeping: share))
    }

    /// Words and times are in memory as they are kept, as they are worked on, and as they are sent.
    private func share(_ id: RecordingID, for caller: Caller) async throws -> ResponseMemoryLimit.Reservation?
    {
        let size = try await parts.catalog.listing.sizeOfWords(of: id) ?? 0
        return try parts.answers.demand(
            size > ResponseMemoryLimit.free / 3 ? 3 * size : 0, for: caller.limitKey)
    }
}

extension TranscriptFormat {
    fileprivate var mediaType: String {
        switch self {
        case .txt: "text/plain; charset=utf-8"
        case .srt: "application/x-subrip; charset=utf-8"
        case .vtt: "text/vtt; charset=utf-8"
        case .json: "application/json; charset=utf-8"
        case .md: "text/markdown; charset=utf-8"
        }
    }
}
