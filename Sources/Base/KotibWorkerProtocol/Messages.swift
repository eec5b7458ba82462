// KotibWorkerProtocol: the words between kotibd and kotib-worker.

import FoundationEssentials
import KotibModel

//
// One message is one packet of JSON over the worker's standard input, a SOCK_SEQPACKET socket. A request that
// concerns a file carries its descriptor, one that makes a file that of the buffer for it. A worker serves
// one request at a time; `cancel` is the only one that may come while another is being served.

/// From the daemon to a worker.
public enum WorkerRequest: Hashable, Sendable, Codable {
    /// Inspect the file of this message: type, facts and hash. Answered by `inspected` or `refused`.
    case inspect(InspectRequest)
    /// Transcribe the file of this message. Answered by any number of `progress` and `segment`, then one of
    /// `transcribed`, `cancelled`, `failed`.
    case transcribe(TranscribeRequest)
    /// Re-encode the speech of the file of this message into the buffer that comes second: a file in memory
    /// of a fixed size. Answered by any number of `progress`, then one of `encoded`, `outgrown`, `cancelled`,
    /// `failed`.
    case encode(EncodeRequest)
    /// Cancel the request of that number soon. Does nothing if it has ended.
    case cancel(request: UInt64)
}

public struct InspectRequest: Hashable, Sendable, Codable {
    public var request: UInt64
    /// The file name extension, lower case, without the dot: `mp3`. It decides only where the content is
    /// ambiguous.
    public var fileExtension: String
    /// The size by fstat(2), in bytes: no more is read.
    public var size: Int64
    /// Seconds; a longer recording is refused.
    public var longestDuration: Double
    /// The earlier sound at this path: the reply says whether the file begins with it.
    public var earlier: SoundIdentity?
    /// Whether a file that holds less than its container promises is taken as far as it goes.
    public var takesIncomplete: Bool

    public init(
        request: UInt64, fileExtension: String, size: Int64, longestDuration: Double,
        earlier: SoundIdentity? = nil, takesIncomplete: Bool = false
    ) {
        self.earlier = earlier
        self.request = request
        self.fileExtension = fileExtension
        self.size = size
        self.longestDuration = longestDuration
        self.takesIncomplete = takesIncomplete
    }
}

public struct TranscribeRequest: Hashable, Sendable, Codable {
    public var request: UInt64
    /// libav's name of the container that inspection found: the only demuxer that may open the file.
    public var container: String
    /// ISO 639-1, or nil to detect the language on the first speech.
    public var language: String?
    /// Seconds; decoding ends there.
    public var longestDuration: Double

    public init(request: UInt64, container: String, language: String?, longestDuration: Double) {
        self.request = request
        self.container = container
        self.language = language
        self.longestDuration = longestDuration
    }
}

/// From a worker to the daemon.
public enum WorkerReply: Hashable, Sendable, Codable {
    /// The first message: the worker is set up, sandboxed, its model loaded, and waits for requests.
    case ready(WorkerReady)
    case inspected(request: UInt64, facts: AudioFacts)
    case refused(request: UInt64, rejection: Rejection)
    /// Between 0 and 1, rising. Also sent at least once a window as a sign of life.
    case progress(request: UInt64, fraction: Double)
    /// The next stretch of speech; in order of time.
    case segment(request: UInt64, segment: TranscriptSegment)
    case transcribed(request: UInt64, summary: TranscriptionSummary)
    /// The buffer holds the whole recording.
    case encoded(request: UInt64, summary: EncodingSummary)
    /// The buffer was full after so many seconds of the recording.
    case outgrown(request: UInt64, duration: Double)
    case cancelled(request: UInt64)
    /// The file cannot be transcribed or encoded, now or later.
    case failed(request: UInt64, reason: String)
}

public struct WorkerReady: Hashable, Sendable, Codable {
    /// The name of the loaded model, such as `base-q8_0`; nil for a worker that only inspects.
    public var model: String?
    /// The state of the model's file when it was loaded; nil if it changed meanwhile.
    public var modelFile: FileIdentity?
    /// Which parts of the sandbox hold, such as `seccomp`, `landlock`, `no_new_privs`, `rlimits`.
    public var sandbox: [String]

    public init(model: String?, modelFile: FileIdentity? = nil, sandbox: [String]) {
        self.model = model
        self.modelFile = modelFile
        self.sandbox = sandbox
    }

    /// The name of the model in a file: `ggml-base-q8_0.bin`, as whisper.cpp names its models, is
    /// `base-q8_0`.
    public static func modelName(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        if name.hasPrefix("ggml-") { name.removeFirst(5) }
        if name.hasSuffix(".bin") { name.removeLast(4) }
        return name
    }
}

public struct TranscriptionSummary: Hashable, Sendable, Codable {
    /// ISO 639-1; nil where nobody spoke.
    public var language: String?
    /// Seconds of audio decoded.
    public var duration: Double
    /// Seconds of it in which somebody spoke.
    public var speech: Double
    /// Seconds of processor time that the worker took.
    public var processorTime: Double
    /// Warnings about the transcript.
    public var warnings: [RecordingWarning]

    public init(
        language: String?, duration: Double, speech: Double, processorTime: Double,
        warnings: [RecordingWarning] = []
    ) {
        self.language = language
        self.duration = duration
        self.speech = speech
        self.processorTime = processorTime
        self.warnings = warnings
    }
}

/// The codec of speech that is re-encoded for a server: 16 kHz, mono.
public enum SpeechCodec: String, Hashable, Sendable, Codable, CaseIterable {
    /// In Ogg (RFC 7845).
    case opus
    /// In a file of its own kind (RFC 9639), 16 bits.
    case flac

    /// The file name extension.
    public var fileExtension: String {
        switch self {
        case .opus: "ogg"
        case .flac: "flac"
        }
    }
}

public struct EncodeRequest: Hashable, Sendable, Codable {
    public var request: UInt64
    /// libav's name of the container that inspection found: the only demuxer that may open the file.
    public var container: String
    public var codec: SpeechCodec
    /// Bits a second; of no meaning for FLAC.
    public var bitRate: Int
    /// Seconds; decoding ends there.
    public var longestDuration: Double
    /// Bytes of the buffer.
    public var capacity: Int64

    public init(
        request: UInt64, container: String, codec: SpeechCodec, bitRate: Int, longestDuration: Double,
        capacity: Int64
    ) {
        self.request = request
        self.container = container
        self.codec = codec
        self.bitRate = bitRate
        self.longestDuration = longestDuration
        self.capacity = capacity
    }
}

public struct EncodingSummary: Hashable, Sendable, Codable {
    /// Bytes at the buffer's beginning that are the file.
    public var size: Int64
    /// Seconds of audio in it.
    public var duration: Double
    /// Voices that speak at once, such as the parties of a call, follow one another: this many parts, each as
    /// long as the recording.
    public var parts: Int
    /// Whether adding up all channels of the recording, as servers do, sounds the same: no channel was chosen
    /// or inverted, no level changed.
    public var isPlain: Bool

    public init(size: Int64, duration: Double, parts: Int = 1, isPlain: Bool = false) {
        self.size = size
        self.duration = duration
        self.parts = parts
        self.isPlain = isPlain
    }
}

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
