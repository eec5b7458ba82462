import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Makes a small file of speech out of a recording, in one pass.
struct RecordingEncoder {
    /// Samples between two signs of life: ten seconds, which take a small part of one.
    private static let portion = 10 * Decoder.sampleRate

    private let request: EncodeRequest
    private let observer: any TranscriptionObserver

    init(_ request: EncodeRequest, _ observer: any TranscriptionObserver) {
        self.request = request
        self.observer = observer
    }

    /// - Throws: ``Rejection`` for the recording's fault, ``SystemError`` where it cannot be read,
    ///   ``EngineFailure``.
    func encode(_ file: OpenFile, into buffer: OutputBuffer) throws -> WorkerReply {
        let decoder = try FileDecoder(
            file, container: request.container, longestDuration: request.longestDuration)
        var count = 0
        do {
            let writer = try SpeechWriter(request.codec, bitRate: request.bitRate, buffer)
            while true {
                if observer.isCancelled { return .cancelled(request: request.request) }
                let samples = try decoder.read(Self.portion)
                if samples.isEmpty { break }
                count += samples.count
                try writer.write(samples)
                observer.progressed(to: seconds(count) / decoder.expectedDuration)
            }
            try writer.finish()
        } catch is OutputBuffer.Full {
            return .outgrown(request: request.request, duration: seconds(count))
        }
        return .encoded(
            request: request.request,
            summary: EncodingSummary(size: Int64(buffer.size), duration: seconds(count)))
    }

    private func seconds(_ samples: Int) -> Double {
        Double(samples) / Double(Decoder.sampleRate)
    }
}
