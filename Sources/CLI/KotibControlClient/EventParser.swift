/// One event of a stream of server-sent events.
public struct ServerEvent: Hashable, Sendable {
    public let name: String
    public let data: String
    /// The last id that the stream named, if any.
    public let id: String?
}

/// Parses server-sent events (HTML Living Standard, 9.2.6) incrementally.
struct EventParser {
    /// An event of Kotib's is below a kilobyte. A line beyond this is dropped up to its end.
    static let longestLine = 1 << 20

    private var line: [UInt8] = []
    private var tooLong = false
    private var afterReturn = false
    private var name = ""
    private var data: [String] = []
    private(set) var lastID: String?

    mutating func read(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            defer { afterReturn = byte == 0x0D }
            switch byte {
            case 0x0A where afterReturn: continue
            case 0x0A, 0x0D:
                if let event = endLine() { events.append(event) }
            default:
                if line.count < Self.longestLine { line.append(byte) } else { tooLong = true }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            tooLong = false
        }
        if tooLong { return nil }
        if line.isEmpty { return dispatch() }
        if line[0] == 0x3A { return nil }
        let parts = line.split(separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
        let field = String(decoding: parts[0], as: UTF8.self)
        var value = parts.count > 1 ? parts[1] : []
        if value.first == 0x20 { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch field {
        case "event": name = text
        case "data": data.append(text)
        case "id" where !value.contains(0): lastID = text
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerEvent? {
        defer {
            name = ""
            data = []
        }
        guard !data.isEmpty else { return nil }
        return ServerEvent(
            name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"), id: lastID)
    }
}
