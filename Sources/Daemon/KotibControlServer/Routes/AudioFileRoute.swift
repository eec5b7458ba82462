import HTTPTypes
import HummingbirdCore
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

    func add(to routes: inout RouteTable) {
        for path in ["audio/{id}/file", "audio/file/{id}"] {
            routes.get(path) { request, context in try await file(request, context) }
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

/// The header Range (RFC 9110, 14.2) where it asks for one stretch of bytes; several at once are answered
/// with the whole, as the standard allows.
enum ByteRange: Hashable, Sendable {
    /// No range, or none that can be read.
    case whole
    case part(Range<Int64>)
    /// It begins behind the end.
    case unsatisfiable

    /// - Parameter size: bytes of the whole.
    init(_ field: String?, size: Int64) {
        guard let field, let set = Self.withoutUnit(field) else {
            self = .whole
            return
        }
        let ends = set.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]) else {
            self = .whole
            return
        }
        switch (first, last) {
        case (nil, nil): self = .whole
        case (nil, let suffix?):
            self = suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
        case (let first?, let last):
            if let last, last < first {
                self = .whole
            } else if first >= size {
                self = .unsatisfiable
            } else {
                self = .part(first..<min(last ?? size, size - 1) + 1)
            }
        }
    }

    private static func withoutUnit(_ field: String) -> Substring? {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        return parts[1]
    }

    /// The inner nil for an end that is left out, the outer one for what is no number. One that is too large
    /// for an Int64 lies behind every end.
    private static func number(_ text: Substring) -> Int64?? {
        guard !text.isEmpty else { return .some(nil) }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text) ?? .max
    }
}

/// The header Content-Disposition (RFC 6266), written so that old and new clients read the name.
enum ContentDisposition {
    /// - Parameter name: any text; what a header cannot hold is percent-encoded.
    static func field(_ type: String, _ name: String) -> String {
        let plain = name.unicodeScalars.map { scalar in
            isPlain(scalar) ? String(scalar) : "_"
        }
        return "\(type); filename=\"\(plain.joined())\"; filename*=UTF-8''\(encoded(name))"
    }

    /// Printable ASCII without what some clients unescape: quotes, backslashes, percent signs.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (0x20...0x7e).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
    }

    /// RFC 8187, 3.2.1: everything but attr-char.
    private static func encoded(_ name: String) -> String {
        let marks = Array("!#$&+-.^_`|~".utf8)
        let digits = Array("0123456789ABCDEF")
        return name.utf8.map { byte in
            let isAlphanumeric =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            return isAlphanumeric || marks.contains(byte)
                ? String(Unicode.Scalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }
}
