/// `PUT audio/{id}`. With `If-Match: "REVISION"` only where that is still the latest revision.
public struct EditRequest: Codable, Hashable, Sendable {
    public var transcriptText: String

    enum CodingKeys: String, CodingKey { case transcriptText = "transcript_text" }

    public init(transcriptText: String) { self.transcriptText = transcriptText }
}

/// One version of a transcript.
public struct RevisionBody: Codable, Hashable, Sendable {
    public var id: Int64
    /// `engine`, `socket` or `sidecar`.
    public var origin: String
    /// The folder name of the author; null for the engine and the local operator.
    public var author: String?
    public var createdAt: String
    public var text: String

    enum CodingKeys: String, CodingKey {
        case id, origin, author
        case createdAt = "created_at"
        case text
    }

    public init(id: Int64, origin: String, author: String?, createdAt: String, text: String) {
        self.id = id
        self.origin = origin
        self.author = author
        self.createdAt = createdAt
        self.text = text
    }
}

/// `GET audio/{id}/revisions`: newest first.
public struct RevisionListBody: Codable, Hashable, Sendable {
    public var items: [RevisionBody]
    /// The value of `before` for the next page; null on the last one.
    public var next: Int64?
}

/// `{"message": …}`: done.
public struct MessageBody: Codable, Hashable, Sendable {
    public var message: String

    public init(message: String) { self.message = message }
}
