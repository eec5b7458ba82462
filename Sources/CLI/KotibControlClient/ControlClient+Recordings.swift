import AsyncHTTPClient
import KotibControlProtocol
import NIOCore
import NIOHTTP1

extension ControlClient {
    /// `query`: the parameters of `GET audio/list`.
    public func recordings(_ query: [(String, String)]) async throws -> Answer<AudioListBody> {
        try await json(AudioListBody.self, .GET, "audio/list", query: query)
    }

    public func recording(_ id: Int64) async throws -> Answer<AudioRecordBody> {
        try await json(AudioRecordBody.self, .GET, "audio/\(id)")
    }

    /// Writes new words, only over `revision` where that is given.
    public func edit(_ id: Int64, text: String, over revision: Int64?) async throws
        -> Answer<AudioRecordBody>
    {
        try await json(
            AudioRecordBody.self, .PUT, "audio/\(id)", headers: ifMatch(revision),
            sending: EditRequest(transcriptText: text))
    }

    public func restore(_ id: Int64, revision: Int64, over latest: Int64?) async throws
        -> Answer<AudioRecordBody>
    {
        try await json(
            AudioRecordBody.self, .POST, "audio/\(id)/revisions/\(revision)/restore",
            headers: ifMatch(latest))
    }

    public func delete(_ id: Int64) async throws -> Answer<MessageBody> {
        try await json(MessageBody.self, .DELETE, "audio/\(id)")
    }

    public func retry(_ id: Int64) async throws -> Answer<AudioRecordBody> {
        try await json(AudioRecordBody.self, .POST, "audio/\(id)/retry")
    }

    /// Has the texts beside a recording written again.
    public func putBackTexts(_ id: Int64) async throws -> Answer<MessageBody> {
        try await json(MessageBody.self, .POST, "audio/\(id)/sidecars")
    }

    /// - Parameter before: ``RevisionListBody/next`` of the page before.
    public func revisions(_ id: Int64, before: Int64? = nil) async throws -> Answer<RevisionListBody> {
        let query = before.map { [("before", String($0))] } ?? []
        return try await json(RevisionListBody.self, .GET, "audio/\(id)/revisions", query: query)
    }

    public func revision(_ id: Int64, _ revision: Int64) async throws -> Answer<RevisionBody> {
        try await json(RevisionBody.self, .GET, "audio/\(id)/revisions/\(revision)")
    }

    /// The transcript as `txt`, `srt`, `vtt`, `json` or `md`.
    public func transcript(_ id: Int64, format: String) async throws -> [UInt8] {
        try await all(send(.GET, "audio/\(id)/transcript", query: [("format", format)]))
    }

    /// The recording itself, piece by piece.
    public func audio(_ id: Int64, each: ([UInt8]) async throws -> Void) async throws {
        let response = try await send(.GET, "audio/\(id)/file")
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw ControlError.interrupted
            }
            guard let piece else { return }
            try await each(Array(piece.readableBytesView))
        }
    }

    private func ifMatch(_ revision: Int64?) -> [(String, String)] {
        revision.map { [("If-Match", "\"\($0)\"")] } ?? []
    }
}
