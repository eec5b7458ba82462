/// The first two bytes of an Opus packet (RFC 6716, section 3.1).
enum OpusPacket {
    /// Hertz, of every Opus decoder's output and of the lengths below (RFC 7845, section 4).
    static let sampleRate: Int64 = 48_000

    /// Samples of one frame, of the modes for speech, for both, and for music.
    private static let speech: [Int64] = [480, 960, 1_920, 2_880]
    private static let hybrid: [Int64] = [480, 960]
    private static let music: [Int64] = [120, 240, 480, 960]

    /// Nil for an empty packet.
    static func samples(_ bytes: [UInt8]) -> Int64? {
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
        default: return bytes.count > 1 ? Int64(bytes[1] & 0x3f) * frame : nil
        }
    }
}
