import HummingbirdCore
import NIOCore

/// Writes a response in chunks, so that a slow client leaves only some chunks in memory, whatever the
/// response's length.
struct ChunkedResponseWriter {
    /// Bytes.
    static let size = 32_768

    private var pending = ByteBuffer()

    mutating func write(
        _ bytes: some Sequence<UInt8>, to writer: inout any ResponseBodyWriter
    ) async throws {
        pending.writeBytes(bytes)
        try await writeWhole(to: &writer)
    }

    /// Writes bytes of UTF-8, cut anywhere, as part of a JSON string (RFC 8259, section 7).
    mutating func writeEscaped(
        _ bytes: [UInt8], to writer: inout any ResponseBodyWriter
    ) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let plain = rest.prefix(Self.size).prefix { !Self.isEscaped($0) }
            pending.writeBytes(plain)
            rest = rest[plain.endIndex...]
            if let next = rest.first, Self.isEscaped(next) {
                escape(next)
                rest.removeFirst()
            }
            try await writeWhole(to: &writer)
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        if byte < 0x20 {
            let digits = String(byte, radix: 16)
            pending.writeString("\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)")
        } else {
            pending.writeInteger(UInt8(ascii: "\\"))
            pending.writeInteger(byte)
        }
    }

    private mutating func writeWhole(to writer: inout any ResponseBodyWriter) async throws {
        while pending.readableBytes >= Self.size, let piece = pending.readBytes(length: Self.size) {
            // A buffer of its own: a slice would keep all of it.
            try await writer.write(ByteBuffer(bytes: piece))
        }
        pending.discardReadBytes()
    }

    /// The rest, and the end.
    mutating func finish(_ writer: inout any ResponseBodyWriter) async throws {
        if pending.readableBytes > 0 { try await writer.write(pending) }
        pending = ByteBuffer()
        try await writer.finish(nil)
    }
}

extension ResponseBody {
    /// A complete response in memory, sent in chunks.
    /// - Parameter share: the reservation of its memory; kept until it is sent.
    init(_ bytes: [UInt8], keeping share: ResponseMemoryLimit.Reservation?) {
        guard bytes.count > ChunkedResponseWriter.size else {
            self.init(byteBuffer: ByteBuffer(bytes: bytes))
            return
        }
        self.init(contentLength: bytes.count) { writer in
            var start = 0
            while start < bytes.count {
                let end = min(start + ChunkedResponseWriter.size, bytes.count)
                try await writer.write(ByteBuffer(bytes: bytes[start..<end]))
                start = end
            }
            try await writer.finish(nil)
            withExtendedLifetime(share) {}
        }
    }
}
