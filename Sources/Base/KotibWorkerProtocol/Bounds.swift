import KotibModel

/// A well-formed message with an impossible value.
public struct OutOfBounds: Error, Hashable, Sendable {
    /// Such as `inspected.duration`.
    public var field: String
}

extension WorkerCoding {
    /// Decodes a worker's reply and checks that every number and text of it is within bounds.
    /// - Throws: `DecodingError` for what is no reply, ``OutOfBounds``.
    public static func reply(from packet: [UInt8]) throws -> WorkerReply {
        let reply = try decode(WorkerReply.self, from: packet)
        if let field = reply.fault { throw OutOfBounds(field: field) }
        return reply
    }
}

extension WorkerReply {
    /// Bytes of one segment's text; the worker cuts at a quarter of this.
    static let longestSegment = 64 << 10
    /// Bytes of a sentence or name.
    static let longestLine = 1024

    /// The field that is out of bounds; nil if none is.
    var fault: String? {
        switch self {
        case .ready(let ready): ready.fault.map { "ready.\($0)" }
        case .inspected(_, let facts): facts.fault.map { "inspected.\($0)" }
        case .refused(_, let rejection): rejection.workersFault.map { "refused.\($0)" }
        case .progress(_, let fraction): (0...1).contains(fraction) ? nil : "progress.fraction"
        case .segment(_, let segment): segment.fault.map { "segment.\($0)" }
        case .transcribed(_, let summary): summary.fault.map { "transcribed.\($0)" }
        case .encoded(_, let summary): summary.fault.map { "encoded.\($0)" }
        case .outgrown(_, let duration): AudioFacts.isDuration(duration) ? nil : "outgrown.duration"
        case .cancelled: nil
        case .failed(_, let reason):
            BoundedText.isLine(reason, upTo: Self.longestLine) ? nil : "failed.reason"
        }
    }
}

extension WorkerReady {
    fileprivate var fault: String? {
        let longest = WorkerReply.longestLine
        if let model, !BoundedText.isLine(model, upTo: longest) { return "model" }
        let isSandbox = sandbox.count <= 64 && sandbox.allSatisfy { BoundedText.isLine($0, upTo: longest) }
        return isSandbox ? nil : "sandbox"
    }
}

extension TranscriptSegment {
    /// Control characters in the text are for the reader to clean: a model can be made to say anything.
    fileprivate var fault: String? {
        if !AudioFacts.isDuration(start) { return "start" }
        if !AudioFacts.isDuration(end) { return "end" }
        return text.utf8.count <= WorkerReply.longestSegment ? nil : "text"
    }
}

extension TranscriptionSummary {
    fileprivate var fault: String? {
        if let language, !BoundedText.isLanguageCode(language) { return "language" }
        if !AudioFacts.isDuration(duration) { return "duration" }
        if !AudioFacts.isDuration(speech) { return "speech" }
        if !AudioFacts.isDuration(processorTime) { return "processorTime" }
        return warnings.count > RecordingWarning.most ? "warnings" : nil
    }
}

extension EncodingSummary {
    fileprivate var fault: String? {
        if size < 0 { return "size" }
        return AudioFacts.isDuration(duration) ? nil : "duration"
    }
}

extension Rejection {
    /// The field that makes it invalid in a worker's reply. Most reasons are found by the daemon, never by a
    /// worker.
    fileprivate var workersFault: String? {
        let longest = WorkerReply.longestLine
        switch self {
        case .empty, .incomplete, .unreadable: return nil
        case .unsupportedExtension(let accepted):
            let isList = accepted.count <= 64 && accepted.allSatisfy { BoundedText.isLine($0, upTo: 16) }
            return isList ? nil : "accepted"
        case .tooLong(let duration, let limit):
            if !AudioFacts.isDuration(duration) { return "duration" }
            return AudioFacts.isDuration(limit) ? nil : "limit"
        case .notAudio(let found), .wrongKind(let found):
            return BoundedText.isLine(found, upTo: longest) ? nil : "found"
        case .damaged(let detail):
            return BoundedText.isLine(detail, upTo: longest) ? nil : "detail"
        case .unsupportedCodec(let codec):
            return BoundedText.isLine(codec, upTo: longest) ? nil : "codec"
        case .lookalikeExtension, .tooLarge, .symbolicLink, .linkedFolder, .folder, .special, .hardLink,
            .foreign, .noFolder, .notEnrolled,
            .folderSettings, .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes:
            return "rejection"
        }
    }
}
