/// The identity of a recording's sound, independent of tags, pictures, the index and the sizes in headers.
public struct SoundIdentity: Hashable, Sendable, Codable {
    /// SHA-256 over the audio packets of all streams, in the order of the file; 32 bytes.
    public var sha256: [UInt8]
    /// Bytes that were hashed.
    public var size: Int64

    public init(sha256: [UInt8], size: Int64) {
        self.sha256 = sha256
        self.size = size
    }

    /// Whether the values are valid. A worker that a file has taken over may report anything.
    var isPossible: Bool { sha256.count == 32 && size >= 0 }
}
