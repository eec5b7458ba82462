import Foundation

/// Recordings that tests make, by espeak-ng and ffmpeg.
public enum SampleAudio {
    /// One to two seconds, for where the words do not matter. Shorter ones take longer: less than a second of
    /// speech makes Whisper doubt itself and hear it again in a full window.
    public static let shortSentence = "The answer is yes."

    /// Speech as WAV, 22,050 Hz, mono, 16 bits.
    public static func speak(_ words: String = shortSentence, to path: String) async throws {
        try await Command.succeed("espeak-ng", ["-v", "en-us", "-s", "150", "-w", path, words])
    }

    /// Converts a recording to the format of the path's extension.
    public static func convert(_ source: String, to path: String) async throws {
        try await ffmpeg(["-i", source, path])
    }

    /// Digital silence as WAV, 16 kHz, mono.
    public static func silence(seconds: Int, to path: String) async throws {
        try await ffmpeg(["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "\(seconds)", path])
    }

    /// White noise as WAV, 16 kHz, mono.
    public static func noise(seconds: Int, to path: String) async throws {
        try await ffmpeg(["-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.1:seed=1", "-t", "\(seconds)", path])
    }

    /// A real PNG.
    public static func picture(to path: String) async throws {
        try await ffmpeg(["-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", path])
    }

    /// A WAV that differs from its siblings in the lowest bits of its first samples, which is inaudible.
    public static func variant(_ number: Int, of recording: Data) -> Data {
        // The lower byte of each sample comes first.
        var bytes = [UInt8](recording)
        let start = samples(of: recording)
        for bit in 0..<16 where start + 2 * bit < bytes.count {
            bytes[start + 2 * bit] =
                bytes[start + 2 * bit] & 0xFE | UInt8(truncatingIfNeeded: number >> bit & 1)
        }
        return Data(bytes)
    }

    /// The offset of a WAV's samples: behind the header of its chunk `data`.
    private static func samples(of recording: Data) -> Int {
        let name = Data("data".utf8)
        return recording.firstRange(of: name).map {
            recording.distance(from: recording.startIndex, to: $0.upperBound) + 4
        }
            ?? 44
    }

    private static func ffmpeg(_ arguments: [String]) async throws {
        try await Command.succeed("ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments)
    }
}
