import KotibModel
import KotibPOSIX
import KotibText
import KotibTranscription
import KotibWorkerProtocol
import Logging

/// The file that is sent: the recording itself, or a re-encoded one.
struct OpenAIUpload: Sendable {
    var file: OpenFile
    /// Bytes.
    var size: Int64
    /// Lower case, without the dot.
    var fileExtension: String
    /// The fraction of all work that is done before the upload begins, between 0 and 1.
    var done: Double
    /// The number of voices, which follow one another in the file, each as long as the recording.
    var parts = 1
    var partDuration = 0.0

    /// The segments of a response with times of the original recording, in order.
    func unfolded(_ segments: [TranscriptSegment]) -> [TranscriptSegment] {
        guard parts > 1, partDuration > 0 else { return segments }
        let moved = segments.map { segment in
            // A server's times may be anything that is finite.
            let part = min((segment.start / partDuration).rounded(.down), Double(parts - 1))
            let start = segment.start - part * partDuration
            let end = min(segment.end - part * partDuration, max(start, partDuration))
            return TranscriptSegment(start: start, end: max(start, end), text: segment.text)
        }
        return moved.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
            .map(\.element)
    }
}

extension OpenAIEngine {
    /// The reason why a recording is re-encoded.
    enum EncodingReason: String, Hashable, Sendable {
        /// The server does not accept its kind.
        case kind
        /// The request would be too long.
        case size
        /// The server may decode less of it than there is.
        case content
        /// Only the beginning of the file is to be transcribed.
        case beginning
        /// Some channels are to be selected, and servers mix all channels of the first track.
        case channels
        /// Its level may be far from the usual: 24 bits and more, or float.
        case level

        /// Whether the server could also transcribe the recording itself.
        var isOptional: Bool { self == .channels || self == .level }
    }

    /// The share of re-encoding in the reported progress.
    static let encodingShare = 0.2

    /// Nil where the recording can be sent as it is.
    func encodingReason(_ job: TranscriptionJob) -> EncodingReason? {
        if job.isBeginning { return .beginning }
        if job.size > roomForFile { return .size }
        if !settings.formats.contains(job.fileExtension) { return .kind }
        if job.isDoubtful { return .content }
        if job.channels > 1 { return .channels }
        let isDeep = ["pcm_f", "pcm_s24", "pcm_s32", "pcm_s64"].contains { job.codec.hasPrefix($0) }
        return isDeep ? .level : nil
    }

    /// Bytes of a file that fit into a request.
    private var roomForFile: Int64 { settings.uploadLimit - Self.envelope }

    /// - Throws: ``EngineError/permanent(message:)`` where the recording cannot be sent in any form.
    func upload(_ job: TranscriptionJob, _ progress: MonotonicProgress) async throws(EngineError)
        -> OpenAIUpload
    {
        guard job.duration >= Self.shortest else {
            throw .permanent(message: .tooShortToSend(Self.shortest))
        }
        let own = OpenAIUpload(
            file: job.file, size: job.size, fileExtension: job.fileExtension, done: 0)
        switch (encodingReason(job), encoder) {
        case (.beginning, nil) where job.size > roomForFile, (.size, nil): throw tooLarge(job)
        case (nil, _), (.kind, nil), (.content, nil), (.channels, nil), (.level, nil), (.beginning, nil):
            return own
        case (let reason?, let encoder?):
            do throws(EngineError) {
                return try await encode(job, with: encoder, reason, progress) ?? own
            } catch {
                // The server may still accept a recording that cannot be re-encoded here.
                if case .permanent = error, reason.isOptional { return own }
                throw error
            }
        }
    }

    /// Nil if the recording itself is as good.
    private func encode(
        _ job: TranscriptionJob, with encoder: SpeechEncoder, _ reason: EncodingReason,
        _ progress: MonotonicProgress
    ) async throws(EngineError) -> OpenAIUpload? {
        let start = ContinuousClock.now
        let capacity = min(roomForFile, SpeechEncoder.largestBuffer)
        let plan = EncodingPlan(encoder.codec, duration: job.duration, capacity: capacity)
        var fitting = EncodingPlan.longest(in: capacity)
        for bitRate in plan.bitRates {
            let outcome = try await encoder.encode(job, bitRate: bitRate, capacity: capacity) { fraction in
                progress.rise(to: Self.encodingShare * fraction)
            }
            switch outcome {
            case .encoded(let encoded) where encoded.isPlain && reason.isOptional:
                return nil
            case .encoded(let encoded):
                log(job, encoded, encoder, reason, bitRate: bitRate, since: start)
                return OpenAIUpload(
                    file: encoded.file, size: encoded.size, fileExtension: encoder.codec.fileExtension,
                    done: Self.encodingShare, parts: encoded.parts,
                    partDuration: encoded.duration / Double(encoded.parts))
            case .outgrown(let duration): fitting = duration
            }
        }
        throw tooLong(job, as: encoder.codec, fitting: fitting)
    }

    private func log(
        _ job: TranscriptionJob, _ encoded: SpeechEncoder.Encoded, _ encoder: SpeechEncoder,
        _ reason: EncodingReason, bitRate: Int, since start: ContinuousClock.Instant
    ) {
        var metadata: Logger.Metadata = [
            "recording": "\(job.recording)", "from": "\(job.fileExtension)", "size": "\(job.size)",
            "duration": "\(job.duration)", "to": "\(encoder.codec.rawValue)", "sent_size": "\(encoded.size)",
            "sent_duration": "\(encoded.duration)", "because_of": "\(reason.rawValue)",
            "seconds": "\(((ContinuousClock.now - start) / .milliseconds(10)).rounded() / 100)",
        ]
        if encoder.codec == .opus { metadata["bit_rate"] = "\(bitRate)" }
        encoder.logger.info("re-encoded", metadata: metadata)
    }

    private func tooLarge(_ job: TranscriptionJob) -> EngineError {
        .permanent(message: .tooLargeToSend(job.size, to: endpoint.server, settings.uploadLimit))
    }

    private func tooLong(_ job: TranscriptionJob, as codec: SpeechCodec, fitting: Double) -> EngineError {
        let (server, limit) = (endpoint.server, settings.uploadLimit)
        return switch codec {
        case .opus:
            .permanent(message: .tooLongAsOpus(job.duration, to: server, limit, fitting: fitting))
        case .flac:
            .permanent(message: .tooLongAsFLAC(job.duration, to: server, limit, fitting: fitting))
        }
    }
}
