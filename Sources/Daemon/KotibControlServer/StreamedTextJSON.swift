import FoundationEssentials
import HummingbirdCore
import KotibCatalog
import KotibControlProtocol
import KotibModel

/// A JSON object with one long text, which is read and written in chunks.
struct StreamedTextJSON {
    /// The encoded object without the text: the parts before it and after it.
    private let before: ArraySlice<UInt8>
    private let after: ArraySlice<UInt8>
    private let recording: RecordingID
    /// The revision of the text. Nil if `before` has the text already.
    private let revision: RevisionID?
    private let size: Int

    /// - Parameters:
    ///   - key: the key of the text, which is null or empty in `body`. It cannot occur elsewhere in the
    ///     encoding: within strings quotation marks are escaped.
    ///   - revision: nil if `body` is complete.
    init(
        _ body: some Encodable, _ key: String, _ recording: RecordingID, _ revision: RevisionID?, size: Int
    ) throws {
        let bytes = try ControlJSON.encoded(body)
        self.recording = recording
        (self.revision, self.size) = (revision, size)
        guard revision != nil else {
            (before, after) = (bytes[...], [])
            return
        }
        let place = ["\"\(key)\":null", "\"\(key)\":\"\""].lazy.compactMap { bytes.firstRange(of: $0.utf8) }
            .first
        guard let place else { throw RevisionDeletedError() }
        before = bytes[..<place.lowerBound] + Array("\"\(key)\":\"".utf8)
        after = Array("\"".utf8) + bytes[place.upperBound...]
    }

    /// - Parameter caller: may have all of the text in memory at once if there is room, which is faster.
    func write(
        _ pieces: inout ChunkedResponseWriter, to writer: inout any ResponseBodyWriter,
        _ parts: ControlDependencies,
        for caller: String
    ) async throws {
        try await pieces.write(before, to: &writer)
        if let revision {
            let share = parts.answers.share(size, for: caller)
            let step = share == nil ? ChunkedResponseWriter.size : size
            var offset = 0
            while offset < size {
                let piece = try await parts.catalog.listing.textPiece(
                    of: revision, of: recording, from: offset, upTo: step)
                // The connection breaks off, and the client sees that something is missing.
                guard let piece, !piece.isEmpty else { throw RevisionDeletedError() }
                try await pieces.writeEscaped(piece, to: &writer)
                offset += piece.count
            }
            withExtendedLifetime(share) {}
        }
        try await pieces.write(after, to: &writer)
    }
}

/// The revision was deleted while its text was sent.
struct RevisionDeletedError: Error {}

extension StreamedTextJSON {
    init(
        _ listed: ListedRecording, _ body: AudioRecordBody
    ) throws {
        try self.init(
            body, "transcript_text", listed.entry.recording.id, listed.longText, size: listed.textSize)
    }

    init(_ listed: ListedRevision) throws {
        let revision = listed.revision
        try self.init(
            RevisionBody(revision), "text", revision.recording, listed.hasLongText ? revision.id : nil,
            size: listed.textSize)
    }
}
