import AsyncHTTPClient
import FoundationEssentials
import KotibControlProtocol
import NIOCore
import NIOHTTP1

extension ControlClient {
    /// Covers the sending too, from a slow disk, and the daemon's look at what came.
    static let uploadPatience = TimeAmount.minutes(10)

    /// Sends a recording as `multipart/form-data`, from disk piece by piece. `sent` is told the bytes so far.
    public func upload(
        _ path: String, named name: String, size: Int64, user: String?,
        read: @escaping @Sendable (Int) async throws -> [UInt8], sent: @escaping @Sendable (Int64) -> Void
    ) async throws -> Answer<AudioRecordBody> {
        let boundary = "kotib-" + UUID().uuidString
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(Self.quoted(name))\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
        let tail = "\r\n--\(boundary)--\r\n"
        let pieces = UploadPieces(
            path: path, head: ByteBuffer(string: head), tail: ByteBuffer(string: tail), size: size,
            read: read, sent: sent)
        let length = Int64(head.utf8.count + tail.utf8.count) + size
        let response = try await send(
            .POST, "audio/upload", query: user.map { [("user", $0)] } ?? [],
            headers: [("Content-Type", "multipart/form-data; boundary=\(boundary)")],
            body: .stream(pieces, length: .known(length)), patience: Self.uploadPatience)
        return try await decode(response)
    }

    /// As browsers write it (HTML Living Standard, "multipart/form-data encoding algorithm").
    static func quoted(_ name: String) -> String {
        name.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "%22"
            case "\r": "%0D"
            case "\n": "%0A"
            default: String(scalar)
            }
        }.joined()
    }
}

/// The body of an upload: what comes before the file, the file, what comes after it.
private struct UploadPieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let path: String
    let head: ByteBuffer
    let tail: ByteBuffer
    let size: Int64
    let read: @Sendable (Int) async throws -> [UInt8]
    let sent: @Sendable (Int64) -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        let pieces: UploadPieces
        var begun = false
        var ended = false
        var done: Int64 = 0

        mutating func next() async throws -> ByteBuffer? {
            if !begun {
                begun = true
                return pieces.head
            }
            if ended { return nil }
            if done == pieces.size {
                ended = true
                return pieces.tail
            }
            // What was appended after the length was announced is left out; a file that shrank is not sent.
            let bytes = try await pieces.read(Int(Swift.min(pieces.size - done, 256 << 10)))
            guard !bytes.isEmpty else { throw ControlError.unreadableFile(pieces.path) }
            done += Int64(bytes.count)
            pieces.sent(done)
            return ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: self) }
}
