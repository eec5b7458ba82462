import KotibControlProtocol
import KotibHTTP

extension ControlClient {
    /// `query`: the parameters of `GET audio/list`.
    public func recordings(_ query: [(String, String)]) async throws -> Answer<AudioListBody> {
        try await json(AudioListBody.self, .get, "audio/list", query: query)
    }

    public func recording(_ id: Int64) async throws -> Answer<AudioRecordBody> {
        try await json(AudioRecordBody.self, .get, "audio/\(id)")
    }

    /// Replaces the words, only if `revision` is current, where that is given.
    public func edit(_ id: Int64, text: String, over revision: Int64?) async throws
        -> Answer<AudioRecordBody>
    {
        try await json(
            AudioRecordBody.self, .put, "audio/\(id)", headers: ifMatch(revision),
            sending: EditRequest(transcriptText: text))
    }

    public func restore(_ id: Int64, revision: Int64, over latest: Int64?) async throws
        -> Answer<AudioRecordBody>
    {
        try await json(
            AudioRecordBody.self, .post, "audio/\(id)/revisions/\(revision)/restore",
            headers: ifMatch(latest))
    }

    public func delete(_ id: Int64) async throws -> Answer<MessageBody> {
        try await json(MessageBody.self, .delete, "audio/\(id)")
    }

    public func retry(_ id: Int64) async throws -> Answer<AudioRecordBody> {
        try await json(AudioRecordBody.self, .post, "audio/\(id)/retry")
    }

    /// Requests that the texts beside a recording are written again.
    public func rewriteTexts(_ id: Int64) async throws -> Answer<MessageBody> {
        try await json(MessageBody.self, .post, "audio/\(id)/sidecars")
    }

    /// - Parameter before: ``RevisionListBody/next`` of the page before.
    public func revisions(_ id: Int64, before: Int64? = nil) async throws -> Answer<RevisionListBody> {
        let query = before.map { [("before", String($0))] } ?? []
        return try await json(RevisionListBody.self, .get, "audio/\(id)/revisions", query: query)
    }

    public func revision(_ id: Int64, _ revision: Int64) async throws -> Answer<RevisionBody> {
        try await json(RevisionBody.self, .get, "audio/\(id)/revisions/\(revision)")
    }

    /// The transcript as `txt`, `srt`, `vtt`, `json` or `md`.
    public func transcript(_ id: Int64, format: String) async throws -> [UInt8] {
        try await send(.get, "audio/\(id)/transcript", query: [("format", format)], read: all)
    }

    /// The recording itself, in chunks; a slow `each` slows down the daemon.
    public func audio(_ id: Int64, each: ([UInt8]) async throws -> Void) async throws {
        try await send(.get, "audio/\(id)/file") { answer in
            while let piece = try await next(answer) { try await each(piece) }
        }
    }

    private func ifMatch(_ revision: Int64?) -> [(String, String)] {
        revision.map { [("If-Match", "\"\($0)\"")] } ?? []
    }
}
