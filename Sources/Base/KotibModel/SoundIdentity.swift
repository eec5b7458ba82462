/// The identity of a recording's sound, whatever surrounds it: tags, pictures, an index, a header's sizes.
public struct SoundIdentity: Hashable, Sendable, Codable {
    /// SHA-256 over the audio packets of all streams, in the order of the file; 32 bytes.
    public var sha256: [UInt8]
    /// Bytes that were hashed.
    public var size: Int64

    public init(sha256: [UInt8], size: Int64) {
        self.sha256 = sha256
        self.size = size
    }

    /// Whether it can be one: a worker that was taken over by a file says anything.
    public var isPossible: Bool { sha256.count == 32 && size >= 0 }
}
