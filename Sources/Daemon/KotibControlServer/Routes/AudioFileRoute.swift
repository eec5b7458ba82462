import HTTPTypes
import Hummingbird
import KotibCatalog
import KotibControlProtocol
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibText
import Logging
import NIOCore

/// `GET audio/{id}/file`, and at the older path `audio/file/{id}`: the audio itself.
struct AudioFileRoute {
    /// Bytes in memory at once.
    static let chunk = 65_536

    let parts: ControlDependencies

    func add(to group: RouterGroup<ControlContext>) {
        for path: RouterPath in ["audio/:id/file", "audio/file/:id"] {
            group.get(path) { request, context in try await file(request, context) }
        }
    }

    private func file(_ request: Request, _ context: ControlContext) async throws -> Response {
        let scope = try context.requireCaller().scope
        let id = try context.recordingID()
        let (file, recording) = try await audio(id, in: scope, context)
        let size = recording.identity.size
        var headers = Self.headers(recording)
        switch ByteRange(Self.range(request.headers, headers[.eTag]), size: size) {
        case .whole:
            return Response(status: .ok, headers: headers, body: Self.body(file, 0..<size))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            return Response(status: .partialContent, headers: headers, body: Self.body(file, range))
        case .unsatisfiable:
            throw ControlFailure(
                .rangeNotSatisfiable, .invalid, .invalid("Range"),
                headers: [.contentRange: "bytes */\(size)", .acceptRanges: "bytes"])
        }
    }

    private func audio(
        _ id: RecordingID, in scope: AccessScope, _ context: ControlContext
    ) async throws -> (OpenFile, Recording) {
        do {
            if let (file, recording) = try await parts.audio.open(id, in: scope) {
                return (file, recording)
            }
        } catch let error as ArchiveUnreachable {
            context.logger.warning(
                "archive unreachable", metadata: ["recording": "\(id)", "cause": "\(error)"])
            throw ControlFailure.later(.serviceUnavailable, .unavailable, .archiveUnreachable, seconds: 60)
        } catch is AudioUnreachable {
            throw ControlFailure.audioUnreachable
        }
        throw ControlFailure(.notFound, .notFound, .noAudio)
    }

    /// The range is used only if `If-Range`, where present, matches the current bytes (RFC 9110, 13.1.5).
    private static func range(_ headers: HTTPFields, _ tag: String?) -> String? {
        if let condition = headers[.ifRange], condition != tag { return nil }
        return headers[.range]
    }

    private static func headers(_ recording: Recording) -> HTTPFields {
        var headers: HTTPFields = [
            .acceptRanges: "bytes", .xContentTypeOptions: "nosniff",
            // A stranger's file must not run as a page.
            .contentDisposition: ContentDisposition.field(
                "attachment", ByteText.escaped(recording.path.name)),
        ]
        headers[.contentType] = Self.mediaType(recording.facts?.mediaType)
        headers[.eTag] = recording.facts.map { facts in
            "\"" + facts.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        }
        return headers
    }

    /// The worker's media type chooses only the player: a browser is never told that it is a page.
    static func mediaType(_ inspected: String?) -> String {
        guard let inspected, inspected.hasPrefix("audio/") || inspected.hasPrefix("video/") else {
            return AudioFacts.unknownMediaType
        }
        return inspected
    }

    private static func body(_ file: OpenFile, _ range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: Int(range.count)) { writer in
            var next = range.lowerBound
            while next < range.upperBound {
                let (start, wanted) = (next, Int(min(Int64(chunk), range.upperBound - next)))
                let bytes = try await BlockingWork.run { () throws(SystemError) in
                    try file.read(upTo: wanted, from: start)
                }
                // The connection breaks off, and the client sees that bytes are missing.
                guard bytes.count == wanted else { throw FileTruncatedError() }
                try await writer.write(ByteBuffer(bytes: bytes))
                next += Int64(wanted)
            }
            try await writer.finish(nil)
        }
    }
}

/// The file was truncated while it was sent.
private struct FileTruncatedError: Error {}
