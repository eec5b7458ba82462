/// What an Opus packet says of itself in its first two bytes (RFC 6716, section 3.1).
enum OpusPacket {
    /// Seconds of one frame, of the modes for speech, for both, and for music.
    private static let speech = [0.01, 0.02, 0.04, 0.06]
    private static let hybrid = [0.01, 0.02]
    private static let music = [0.0025, 0.005, 0.01, 0.02]

    /// Seconds, or nil for an empty packet.
    static func duration(_ bytes: [UInt8]) -> Double? {
        guard let first = bytes.first else { return nil }
        let mode = Int(first >> 3)
        let frame =
            switch mode {
            case 0..<12: speech[mode & 3]
            case 12..<16: hybrid[mode & 1]
            default: music[mode & 3]
            }
        switch first & 3 {
        case 0: return frame
        case 1, 2: return 2 * frame
        default: return bytes.count > 1 ? Double(bytes[1] & 0x3f) * frame : nil
        }
    }
}
