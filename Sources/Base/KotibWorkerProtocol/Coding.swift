import FoundationEssentials

/// How a message becomes a packet: JSON, one object with one key, the message's name.
public enum WorkerCoding {
    public static func encode(_ message: some Encodable) throws -> [UInt8] {
        try Array(JSONEncoder().encode(message))
    }

    /// - Throws: `DecodingError` for what is no message.
    public static func decode<Message: Decodable>(
        _ type: Message.Type, from packet: [UInt8]
    ) throws -> Message {
        try JSONDecoder().decode(type, from: Data(packet))
    }
}
