import FoundationEssentials
import KotibHTTP
import KotibModel
import KotibText
import KotibTranscription
import Synchronization

/// OpenAI's transcription service, or any server with the same API: `POST {base}/audio/transcriptions`
/// (developers.openai.com/api/reference/resources/audio).
///
/// A recording that the server does not accept, or not in that size, is re-encoded by a worker first. The
/// server gets the recording's sound and kind, the model and the language, but never the file's name.
public final class OpenAIEngine: TranscriptionEngine {
    public let name = "openai"
    public var model: String { settings.model }
    let settings: OpenAISettings
    let endpoint: OpenAIEndpoint
    /// Nil where recordings are sent as they are.
    let encoder: SpeechEncoder?
    private let transfers: HTTPClient
    private let now: @Sendable () -> Date
    /// The best response format that the server has not refused yet.
    private let format: Mutex<OpenAIFormat>

    /// Seconds: the shortest recording that OpenAI accepts.
    static let shortest = 0.1
    /// Bytes: more than the multipart form needs around the file and the few short fields.
    static let envelope: Int64 = 4096

    /// - Parameters:
    ///   - encoder: re-encodes recordings that the server does not accept; nil to send all unchanged.
    ///   - now: the wall clock, for dates in `Retry-After`.
    /// - Throws: ``OpenAISettingsError``; a retry does not help.
    public convenience init(
        _ settings: OpenAISettings, transfers: HTTPClient, encoder: SpeechEncoder? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(OpenAISettingsError) {
        let format = OpenAIFormat(model: settings.model)
        try self.init(settings, transfers: transfers, encoder: encoder, format: format, now: now)
    }

    /// - Parameter format: the first response format to request.
    init(
        _ settings: OpenAISettings, transfers: HTTPClient, encoder: SpeechEncoder? = nil,
        format: OpenAIFormat, now: @escaping @Sendable () -> Date = { Date() }
    ) throws(OpenAISettingsError) {
        self.settings = settings
        self.transfers = transfers
        self.encoder = encoder
        self.now = now
        endpoint = try OpenAIEndpoint(settings)
        self.format = Mutex(format)
    }

    public func transcribe(
        _ job: TranscriptionJob, report: @escaping @Sendable (TranscriptionProgress) -> Void
    ) async throws(EngineError) -> TranscriptionResult {
        let progress = MonotonicProgress(report)
        let upload = try await upload(job, progress)
        while true {
            let format = format.withLock { $0 }
            let response = try await send(upload, of: job, format: format, progress: progress)
            if response.status == 200 {
                let result = try result(job, upload, of: response, format: format)
                progress.rise(to: 1)
                return result
            }
            let refusal = OpenAIRefusal(response, key: settings.key, now: now())
            guard refusal.namesResponseFormat, let next = format.next else {
                throw refusal.error(server: endpoint.server)
            }
            // Another recording's answer may have gone further already.
            self.format.withLock { if $0 == format { $0 = next } }
        }
    }

    private func send(
        _ upload: OpenAIUpload, of job: TranscriptionJob, format: OpenAIFormat, progress: MonotonicProgress
    ) async throws(EngineError) -> HTTPResponse {
        let request = request(upload, of: job, format: format)
        do throws(HTTPError) {
            return try await transfers.perform(request) { sent, total in
                // The other half is the server's work, of which nothing is heard.
                let half = (1 - upload.done) / 2
                progress.rise(to: upload.done + half * Double(sent) / Double(max(total, 1)))
            }
        } catch {
            throw engineError(error)
        }
    }

    private func request(
        _ upload: OpenAIUpload, of job: TranscriptionJob, format: OpenAIFormat
    ) -> HTTPRequest {
        var parts = [
            HTTPPart(name: "model", content: .text(settings.model)),
            HTTPPart(name: "response_format", content: .text(format.rawValue)),
        ]
        if let language = job.language {
            parts.append(HTTPPart(name: "language", content: .text(language)))
        }
        let kind = OpenAIFileKind(upload.fileExtension)
        parts.append(
            HTTPPart(
                name: "file",
                content: .file(
                    upload.file, size: upload.size, fileName: kind.fileName, contentType: kind.contentType)))
        let own = Duration.seconds(bounding: job.duration)
        return HTTPRequest(
            url: endpoint.url,
            headers: settings.key.isEmpty ? [] : [("Authorization", "Bearer \(settings.key.value)")],
            body: .multipart(parts),
            limits: HTTPLimits(
                connect: settings.connect, stall: OpenAISettings.stall + own, total: settings.total + own,
                answer: settings.answerLimit))
    }

    private func result(
        _ job: TranscriptionJob, _ upload: OpenAIUpload, of response: HTTPResponse, format: OpenAIFormat
    ) throws(EngineError) -> TranscriptionResult {
        do throws(OpenAIResponse.ResponseError) {
            let answer = try OpenAIResponse(response, format: format)
            let segments = upload.unfolded(answer.segments ?? [])
            // Without times, one voice's words come after the other's.
            let isInTurn = upload.parts > 1 && !segments.isEmpty
            let transcript = Transcript(
                text: isInTurn ? Transcript.text(of: segments) : answer.inParagraphs, segments: segments,
                language: answer.language ?? job.language, engine: name, model: settings.model)
            let isSilent = transcript.text.isEmpty && answer.segments?.isEmpty == true
            return TranscriptionResult(
                transcript: transcript, speech: isSilent ? 0 : nil, warnings: answer.warnings)
        } catch {
            switch error {
            case .stranger(let what):
                throw .unavailable(
                    message: .foreignAnswer(endpoint.server, what), retryAfter: OpenAIRefusal.pause)
            case .broken(let what):
                throw .transient(message: .brokenAnswer(endpoint.server, what), retryAfter: nil)
            }
        }
    }

    private func engineError(_ error: HTTPError) -> EngineError {
        let server = endpoint.server
        return switch error {
        case .invalid(let detail):
            .unavailable(message: .noRequest(server, detail), retryAfter: OpenAIRefusal.pause)
        case .unreachable(let detail):
            .unavailable(message: .unreachable(server, detail), retryAfter: nil)
        case .timedOut(let detail), .broken(let detail):
            .transient(message: .connectionFailed(server, detail), retryAfter: nil)
        case .tooLarge(let limit):
            .transient(message: .answerTooLarge(server, Int64(limit)), retryAfter: nil)
        case .unreadableFile(let detail):
            .transient(message: .notRead(detail), retryAfter: nil)
        case .cancelled, .closed:
            .cancelled
        }
    }
}

/// Reports only rising fractions, although a retry starts its upload again.
final class MonotonicProgress: Sendable {
    private let highest = Mutex(0.0)
    private let report: @Sendable (TranscriptionProgress) -> Void

    init(_ report: @escaping @Sendable (TranscriptionProgress) -> Void) {
        self.report = report
    }

    func rise(to fraction: Double) {
        let isHigher = highest.withLock { highest in
            guard fraction > highest else { return false }
            highest = fraction
            return true
        }
        if isHigher { report(.fraction(fraction)) }
    }
}

/// The file name and type in the request. The name is not the person's.
struct OpenAIFileKind: Hashable {
    let fileName: String
    let contentType: String

    private static let types = [
        "3gp": "video/3gpp", "aac": "audio/aac", "amr": "audio/amr", "caf": "audio/x-caf",
        "flac": "audio/flac", "m4a": "audio/mp4",
        "mov": "video/quicktime", "mp3": "audio/mpeg", "mp4": "audio/mp4", "mpeg": "audio/mpeg",
        "mpga": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "webm": "audio/webm",
        "wma": "audio/x-ms-wma",
    ]
    /// Other names of Ogg, which servers know by one (see ``OpenAISettings/documentedExtensions``).
    private static let ogg: Set<String> = ["oga", "opus"]

    init(_ fileExtension: String) {
        let isPlain = fileExtension.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
        }
        let named = isPlain && !fileExtension.isEmpty ? String(fileExtension.prefix(8)) : "bin"
        let ending = Self.ogg.contains(named) ? "ogg" : named
        fileName = "audio.\(ending)"
        contentType = Self.types[ending] ?? "application/octet-stream"
    }
}
