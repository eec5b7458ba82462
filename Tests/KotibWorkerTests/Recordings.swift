import Glibc
import KotibPOSIX
import Testing

/// Real recordings in every format, made by ffmpeg when a test asks for them.
struct Recording: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// The format by its name's ending.
    var fileExtension: String
    /// ffmpeg's options between input and output.
    var options: [String]
    var channels = 1
    var sampleRate = 16_000
    /// Encoded by a program other than ffmpeg, which only writes the container.
    var amr: AMR?

    init(
        _ name: String, _ fileExtension: String, _ options: [String] = [], channels: Int = 1,
        rate: Int = 16_000, amr: AMR? = nil
    ) {
        testDescription = name
        self.fileExtension = fileExtension
        self.options = amr == nil ? options + ["-ac", "\(channels)", "-ar", "\(rate)"] : options
        self.amr = amr
        self.channels = channels
        sampleRate = rate
    }

    static let plain = [
        Recording("wav", "wav"),
        Recording("mp3", "mp3"),
        Recording("m4a, index last", "m4a"),
        Recording("m4a, index first", "m4a", ["-movflags", "+faststart"]),
        Recording("flac", "flac"),
    ]

    static let unusual = [
        Recording("wav, 8 kHz", "wav", rate: 8_000),
        Recording("wav, 48 kHz stereo, 24 bit", "wav", ["-c:a", "pcm_s24le"], channels: 2, rate: 48_000),
        Recording("wav, float", "wav", ["-c:a", "pcm_f32le"], rate: 44_100),
        Recording("wav, mu-law", "wav", ["-c:a", "pcm_mulaw"], rate: 8_000),
        Recording("wav, 5.1", "wav", channels: 6, rate: 48_000),
        Recording("mp3, variable bit rate", "mp3", ["-q:a", "5"], channels: 2, rate: 44_100),
        Recording("mp3, 8 kHz", "mp3", rate: 8_000),
        Recording("mp3, no Xing header", "mp3", ["-write_xing", "0"]),
        Recording("mp3, ID3v1", "mp3", ["-write_id3v1", "1", "-metadata", "title=Hello"]),
        Recording("mp3, bare frames", "mp3", ["-write_xing", "0", "-id3v2_version", "0"]),
        Recording("mp3, layer II", "mp3", ["-c:a", "mp2", "-f", "mp2"]),
        Recording("m4a, 48 kHz stereo", "m4a", channels: 2, rate: 48_000),
        Recording("m4a, Apple lossless", "m4a", ["-c:a", "alac"], rate: 44_100),
        Recording("m4a, fragments", "m4a", ["-movflags", "frag_keyframe+empty_moov"]),
        Recording("flac, 24 bit stereo", "flac", ["-sample_fmt", "s32"], channels: 2, rate: 48_000),
        Recording("flac, 8 kHz", "flac", rate: 8_000),
    ]

    /// `seconds` of a real speech, in this format.
    func bytes(seconds: Double = 5) throws -> [UInt8] {
        if let amr { return try amr.bytes(seconds: seconds, options, fileExtension: fileExtension) }
        return try Tool.ffmpeg(
            ["-t", "\(seconds)", "-i", Samples.path("jfk.wav")] + options, fileExtension: fileExtension)
    }
}

enum Samples {
    static func path(_ name: String) throws -> String {
        try dependency("samples") + "/" + name
    }

    /// A folder of what the set-up fetched: `samples`, `models`.
    static func dependency(_ name: String) throws -> String {
        let folder = try #require(
            getenv("KOTIB_TEST_DEPS").map { String(cString: $0) },
            "KOTIB_TEST_DEPS names no folder; it must hold samples/ with real speech and models/")
        return folder + "/" + name
    }
}

/// Programs of the system that make test material.
enum Tool {
    static func ffmpeg(_ arguments: [String], fileExtension: String) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let output = folder.path + "/out." + fileExtension
        try run(["ffmpeg", "-nostdin", "-v", "error", "-y"] + arguments + [output])
        return try TemporaryFolder.contents(of: output)
    }

    static func run(_ command: [String]) throws {
        var child = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let error = posix_spawnp(&child, command[0], nil, nil, &arguments, environ)
        try #require(error == 0, "\(command[0]) is missing")
        var status: Int32 = 0
        try SystemError.check("waitpid") { waitpid(child, &status, 0) }
        try #require(status == 0, "\(command.joined(separator: " ")) failed")
    }
}

extension Tool {
    /// The output of `command`.
    static func output(_ command: [String]) throws -> String {
        let folder = try TemporaryFolder()
        let path = folder.path + "/output"
        try run(["sh", "-c", "\"$@\" > \(path)", "sh"] + command)
        return String(decoding: try TemporaryFolder.contents(of: path), as: UTF8.self)
    }
}

/// A folder that goes with its last reference.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/kotib-worker-test-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        try? Tool.run(["rm", "-rf", path])
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = OpenFile(
            owning: try SystemError.check("open", path) { open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) })
        let written = bytes.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
        try #require(written == bytes.count)
    }

    static func contents(of path: String) throws -> [UInt8] {
        let file = OpenFile(owning: try SystemError.check("open", path) { open(path, O_RDONLY | O_CLOEXEC) })
        var status = stat()
        try SystemError.check("fstat") { fstat(file.descriptor, &status) }
        return try [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            count = try SystemError.check("read") { read(file.descriptor, buffer.baseAddress, buffer.count) }
        }
    }
}

extension OpenFile {
    /// A real file without a name that holds `bytes`.
    static func holding(_ bytes: [UInt8]) throws -> OpenFile {
        var template = Array("/tmp/kotib-worker-test-XXXXXX".utf8CString)
        // Closed on exec: a worker that another test starts would have them all, and may have 64.
        let file = OpenFile(owning: try SystemError.check("mkstemp") { mkstemp(&template) })
        try SystemError.check("fcntl") { fcntl(file.descriptor, F_SETFD, FD_CLOEXEC) }
        unlink(template)
        try file.append(bytes)
        return file
    }

    func append(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(
                try rest.withUnsafeBytes { chunk in
                    try SystemError.check("write") { write(descriptor, chunk.baseAddress, chunk.count) }
                })
        }
    }
}

/// Numbers that are the same in each run: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
