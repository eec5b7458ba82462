import FoundationEssentials
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibTranscription
import NIOCore

/// Events in the format of server-sent events.
enum EventStreamFormat {
    static func event(_ event: CatalogEvent) throws -> ByteBuffer {
        let name: EventName =
            switch event.kind {
            case .changed: .changed
            case .edited: .edited
            case .deleted: .deleted
            }
        let body = EventBody(
            id: event.recording.rawValue, filePath: event.file, transcriptionStatus: event.state.rawValue,
            audioState: event.audio.rawValue, at: Timestamp.text(event.time))
        return try text(name, id: event.id, body)
    }

    static func progress(_ job: RunningJob) throws -> ByteBuffer {
        try text(.progress, id: nil, RunningBody(job))
    }

    static func reset(_ latest: Int64) throws -> ByteBuffer {
        try text(.reset, id: latest, [String: String]())
    }

    /// JSON holds no line end, so that one `data` line is enough.
    private static func text(_ name: EventName, id: Int64?, _ data: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let data = String(decoding: try encoder.encode(data), as: UTF8.self)
        let id = id.map { "id: \($0)\n" } ?? ""
        return ByteBuffer(string: "\(id)event: \(name.rawValue)\ndata: \(data)\n\n")
    }
}
