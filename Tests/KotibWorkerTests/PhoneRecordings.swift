import Glibc
import KotibPOSIX
import Testing

/// Recordings of phones, browsers and messengers, beyond the formats that are accepted by default.
extension Recording {
    static let phone = [
        Recording("Telegram voice message", "ogg", ["-c:a", "libopus", "-b:a", "24k"], rate: 48_000),
        Recording("ogg, Vorbis stereo", "ogg", ["-c:a", "libvorbis"], channels: 2, rate: 44_100),
        Recording("oga, FLAC", "oga", ["-c:a", "flac", "-f", "ogg"]),
        Recording("ogg, Speex", "ogg", ["-c:a", "libspeex"]),
        Recording("WhatsApp voice message", "opus", ["-c:a", "libopus", "-b:a", "16k"], rate: 48_000),
        Recording("webm, Opus", "webm", ["-c:a", "libopus"], rate: 48_000),
        Recording("webm, Opus of another rate", "webm", ["-c:a", "libopus", "-frame_duration", "60"]),
        Recording("webm, Vorbis", "webm", ["-c:a", "libvorbis"], rate: 48_000),
        Recording("webm, as browsers record", "webm", ["-c:a", "libopus", "-live", "1"], rate: 48_000),
        Recording("aac", "aac", ["-c:a", "aac"]),
        Recording("amr, narrow band", "amr", rate: 8_000, amr: .narrow),
        Recording("amr, wide band", "amr", amr: .wide),
        Recording("3gp, AMR", "3gp", ["-c", "copy"], rate: 8_000, amr: .narrow),
        Recording("3gp, AAC", "3gp", ["-c:a", "aac"]),
        Recording("mp4", "mp4", ["-c:a", "aac"], channels: 2, rate: 44_100),
        Recording("mov, AAC", "mov", ["-c:a", "aac"]),
        Recording("mov, PCM", "mov", ["-c:a", "pcm_s16be"], rate: 44_100),
        Recording("wma", "wma", ["-c:a", "wmav2"], channels: 2, rate: 44_100),
        Recording("wma, version 1", "wma", ["-c:a", "wmav1"], rate: 22_050),
        Recording("caf, PCM", "caf", ["-c:a", "pcm_s16le"], rate: 44_100),
        Recording("caf, Apple lossless", "caf", ["-c:a", "alac"], rate: 44_100),
        Recording("caf, Opus", "caf", ["-c:a", "libopus"], rate: 48_000),
    ]

    /// One of each container, for tests that take long.
    static let phoneKinds = [0, 5, 8, 9, 10, 11, 12, 17, 19].map { phone[$0] }

    /// Moving pictures of the same length beside the sound.
    static let videos: [(ending: String, options: [String])] = [
        ("mp4", ["-c:v", "mpeg4", "-c:a", "aac"]), ("mov", ["-c:v", "mjpeg", "-c:a", "pcm_s16be"]),
        ("3gp", ["-c:v", "h263", "-c:a", "aac"]), ("webm", ["-c:v", "libvpx", "-c:a", "libopus"]),
        ("ogg", ["-c:v", "libtheora", "-c:a", "libvorbis"]),
        ("wma", ["-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"]),
    ]

    static func video(_ ending: String, _ options: [String]) throws -> [UInt8] {
        try Tool.ffmpeg(
            [
                "-f", "lavfi", "-i", "testsrc=size=176x144:rate=10", "-t", "2", "-i", Samples.path("jfk.wav"),
                "-t", "2",
            ] + options, fileExtension: ending)
    }
}

/// The codec of telephones, which Debian's ffmpeg only reads.
enum AMR {
    case narrow, wide

    /// `seconds` of a real speech as a file of its own.
    func bytes(seconds: Double) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let (speech, output) = (try Samples.path("jfk.wav"), folder.path + "/out.amr")
        switch self {
        case .narrow:
            try Tool.run(
                [
                    "sox", "-R", speech, "-r", "8000", "-c", "1", "-C", "6", "-t", "amr-nb", output, "trim",
                    "0",
                    "\(seconds)",
                ])
        case .wide:
            let coder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Tools/amrwb.py"
            try Tool.run([
                "sh", "-c",
                "ffmpeg -nostdin -v error -t \(seconds) -i \(speech) -ac 1 -ar 16000 -f s16le - "
                    + "| python3 '/\(coder)' > \(output)",
            ])
        }
        return try TemporaryFolder.contents(of: output)
    }

    /// The same recording in another container.
    func bytes(seconds: Double, _ options: [String], fileExtension: String) throws -> [UInt8] {
        let bytes = try bytes(seconds: seconds)
        if fileExtension == "amr" { return bytes }
        let folder = try TemporaryFolder()
        let path = folder.path + "/in.amr"
        let file = OpenFile(
            owning: try SystemError.check("open") {
                open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            })
        try file.append(bytes)
        return try Tool.ffmpeg(["-f", "amr", "-i", path] + options, fileExtension: fileExtension)
    }
}
