import KotibEngines
import KotibHTTP
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Synchronization

@testable import KotibTranscription

typealias Answer = FaultServer.Answer

func transfers(threadName: String = "kotib-http") throws -> HTTPClient {
    try HTTPClient(.init(userAgent: "kotib/test", threadName: threadName))
}

/// A recording of `bytes`, lasting a second.
func job(
    _ bytes: [UInt8] = Array("RIFF".utf8), size: Int64? = nil, duration: Double = 1, ending: String = "wav",
    container: String = "wav", language: String? = nil, channels: Int = 1, codec: String = "",
    isDoubtful: Bool = false
) throws -> TranscriptionJob {
    TranscriptionJob(
        recording: RecordingID(rawValue: 1), file: try temporaryFile(size: size ?? 0, bytes),
        size: size ?? Int64(bytes.count), duration: duration, container: container, fileExtension: ending,
        language: language, channels: channels, codec: codec, isDoubtful: isDoubtful)
}

/// The reports, in order.
final class Reports: Sendable {
    private let list = Mutex<[TranscriptionProgress]>([])
    var all: [TranscriptionProgress] { list.withLock { $0 } }
    func add(_ progress: TranscriptionProgress) { list.withLock { $0.append(progress) } }
}
