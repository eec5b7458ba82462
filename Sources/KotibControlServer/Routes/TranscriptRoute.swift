import HTTPTypes
import Hummingbird
import KotibCatalog
import KotibModel
import NIOCore

/// `GET audio/{id}/transcript?format=`.
struct TranscriptRoute {
    let parts: ControlParts

    func add(to group: RouterGroup<ControlContext>) {
        group.get("audio/:id/transcript") { request, context in
            try await transcript(request, context)
        }
    }

    private func transcript(_ request: Request, _ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        let format =
            try QueryReader(request).value("format", TranscriptFormat.init(rawValue:)) ?? TranscriptFormat.txt
        guard let entry = try await parts.catalog.entry(id, in: scope) else {
            throw ControlFailure.noRecording
        }
        guard let revision = try await parts.catalog.revision(entry.revision, of: id, in: scope),
            entry.text != nil
        else { throw ControlFailure.withoutTranscript(entry.recording.state) }
        let name = ByteText.escaped(entry.recording.path.name)
        let document = TranscriptDocument(
            title: name, text: revision.text, segments: revision.segments, language: revision.language,
            duration: entry.recording.facts?.duration)
        let headers: HTTPFields = [
            .contentType: format.mediaType, .eTag: "\"\(revision.id)\"", .xContentTypeOptions: "nosniff",
            .contentDisposition: ContentDisposition.field("inline", "\(name).\(format.rawValue)"),
        ]
        let bytes = ByteBuffer(string: try document.rendered(as: format))
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
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
