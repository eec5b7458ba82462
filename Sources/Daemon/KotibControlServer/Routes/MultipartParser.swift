import Glibc

/// Parses a multipart/form-data body (RFC 7578, RFC 2046) incrementally; has no effects, whatever the chunks.
struct MultipartParser {
    enum Event: Hashable, Sendable {
        /// A part begins.
        case part(MultipartHeaders)
        /// Bytes of the part; never empty.
        case content([UInt8])
        case endOfPart
        /// The closing boundary; what follows it is ignored, as RFC 2046, 5.1.1 has it.
        case end
    }

    /// Why the body cannot be read.
    enum Failure: Error, Hashable, Sendable {
        /// Something else than a line's end after a boundary, or no empty line after the headers.
        case malformed
        case headersTooLong
        case tooManyParts
    }

    /// Bytes of one part's headers.
    static let longestHeaders = 16_384
    /// A form has a file and perhaps a few fields; each part costs work.
    static let maxParts = 64
    /// Bytes before the first boundary, and of white space after one.
    static let longestPadding = 1024

    private enum State {
        case preamble, afterBoundary, headers, beginOfContent, content, ended
    }

    /// A line's end, two hyphens, the boundary.
    private let delimiter: [UInt8]
    private var state = State.preamble
    private var pending: [UInt8]
    private var parts = 0
    /// How many of the pending bytes hold no end of headers.
    private var searched = 0

    /// Nil where `boundary` is none (RFC 2046, 5.1.1: 1 to 70 characters).
    init?(boundary: String) {
        guard (1...70).contains(boundary.utf8.count) else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first boundary may stand at the very beginning, without a line's end before it.
        pending = [0x0d, 0x0a]
    }

    var isEnded: Bool { state == .ended }

    /// The result of the next bytes.
    mutating func consume(_ bytes: [UInt8]) throws(Failure) -> [Event] {
        guard state != .ended else { return [] }
        pending += bytes
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// - Returns: false where more bytes are needed.
    private mutating func step(_ events: inout [Event]) throws(Failure) -> Bool {
        switch state {
        case .preamble: return try skipPreamble()
        case .afterBoundary: return try passBoundary(&events)
        case .headers: return try readHeaders(&events)
        case .beginOfContent: return beginContent()
        case .content: return readContent(&events)
        case .ended:
            pending = []
            return false
        }
    }

    private mutating func skipPreamble() throws(Failure) -> Bool {
        let found = ByteSearch.first(delimiter, in: pending)
        guard (found ?? pending.count) <= Self.longestPadding + delimiter.count else { throw .malformed }
        guard let found else { return false }
        pending.removeFirst(found + delimiter.count)
        state = .afterBoundary
        return true
    }

    /// A part follows after white space and a line's end; two hyphens close the body.
    private mutating func passBoundary(_ events: inout [Event]) throws(Failure) -> Bool {
        guard pending.count >= 2 else { return false }
        if pending.starts(with: "--".utf8) {
            state = .ended
            events.append(.end)
            return true
        }
        guard let content = pending.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else {
            if pending.count > Self.longestPadding { throw .malformed }
            return false
        }
        let rest = pending[content...]
        guard content <= Self.longestPadding, rest.first == 0x0d else { throw .malformed }
        guard rest.count >= 2 else { return false }
        guard rest[content + 1] == 0x0a else { throw .malformed }
        parts += 1
        guard parts <= Self.maxParts else { throw .tooManyParts }
        // The line's end stays: with it a part without any header ends like every other.
        pending.removeFirst(content)
        state = .headers
        return true
    }

    private mutating func readHeaders(_ events: inout [Event]) throws(Failure) -> Bool {
        // Only what is new, and the three bytes before it: pieces may be of one byte.
        let found = ByteSearch.first([0x0d, 0x0a, 0x0d, 0x0a], in: pending, from: max(0, searched - 3))
        guard (found ?? pending.count) <= Self.longestHeaders else { throw .headersTooLong }
        searched = found == nil ? pending.count : 0
        guard let found else { return false }
        guard let headers = MultipartHeaders(pending[..<found].dropFirst(2)) else { throw .malformed }
        pending.removeFirst(found + 2)
        events.append(.part(headers))
        state = .beginOfContent
        return true
    }

    /// The line's end after the headers goes, unless it belongs to a boundary that follows at once.
    private mutating func beginContent() -> Bool {
        guard pending.count >= delimiter.count else { return false }
        if !pending.starts(with: delimiter) { pending.removeFirst(2) }
        state = .content
        return true
    }

    private mutating func readContent(_ events: inout [Event]) -> Bool {
        let found = ByteSearch.first(delimiter, in: pending)
        // Bytes that may begin a boundary wait for the rest.
        let end = found ?? max(0, pending.count - delimiter.count + 1)
        if end > 0 { events.append(.content(Array(pending[..<end]))) }
        pending.removeFirst(found.map { $0 + delimiter.count } ?? end)
        guard found != nil else { return false }
        events.append(.endOfPart)
        state = .afterBoundary
        return true
    }
}

enum ByteSearch {
    /// The first offset of `needle` in `bytes`. Swift's Glibc has no memmem(3).
    /// - Parameter offset: not before it.
    static func first(_ needle: [UInt8], in bytes: [UInt8], from offset: Int = 0) -> Int? {
        guard let first = needle.first else { return offset }
        return bytes.withUnsafeBytes { haystack in
            guard let base = haystack.baseAddress else { return nil }
            var start = offset
            while haystack.count - start >= needle.count {
                let room = haystack.count - start - needle.count + 1
                guard let found = memchr(base + start, Int32(first), room) else { return nil }
                if memcmp(found, needle, needle.count) == 0 { return UnsafeRawPointer(found) - base }
                start = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }
}
