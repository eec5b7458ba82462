import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

/// Re-encodes the speech of a recording in one pass.
struct RecordingEncoder {
    /// Samples between two signs of life: ten seconds, which take a small part of one.
    private static let portion = 10 * Decoder.sampleRate
    /// Samples (3 s) of silence after each of several signals, so that no words of two become one sentence.
    private static let pause = 3 * Decoder.sampleRate

    private let request: EncodeRequest
    private let observer: any TranscriptionObserver

    init(_ request: EncodeRequest, _ observer: any TranscriptionObserver) {
        self.request = request
        self.observer = observer
    }

    /// - Throws: ``Rejection`` for the recording's fault, ``SystemError`` where it cannot be read,
    ///   ``EngineFailure``.
    func encode(_ file: OpenFile, into buffer: OutputBuffer) throws -> WorkerReply {
        do {
            return try encodeToEnd(file, into: buffer)
        } catch is CancellationError {
            return .cancelled(request: request.request)
        }
    }

    private func encodeToEnd(_ file: OpenFile, into buffer: OutputBuffer) throws -> WorkerReply {
        let recordings = try FileRecordings(
            file, container: request.container, longestDuration: request.longestDuration, observer: observer)
        // One voice after the other where several are at once: a server hears but one, and mixes what it
        // gets.
        let parts = recordings.signalCount
        var count = 0
        var isPlain = recordings.isPlain
        do {
            let writer = try SpeechWriter(request.codec, bitRate: request.bitRate, buffer)
            for part in 0..<parts {
                let decoder = try FileDecoder(recordings, signal: part)
                try write(decoder, of: parts, to: writer, &count)
                if decoder.hasChangedLevel { isPlain = false }
                if parts > 1 {
                    try writer.write([Float](repeating: 0, count: Self.pause))
                    count += Self.pause
                }
            }
            try writer.finish()
        } catch is OutputBuffer.BufferFull {
            return .outgrown(request: request.request, duration: seconds(count) / Double(parts))
        }
        return .encoded(
            request: request.request,
            summary: EncodingSummary(
                size: Int64(buffer.size), duration: seconds(count), parts: parts, isPlain: isPlain))
    }

    /// Writes one signal whole, and counts the samples.
    private func write(
        _ decoder: FileDecoder, of parts: Int, to writer: SpeechWriter, _ count: inout Int
    ) throws {
        let expected = decoder.expectedDuration * Double(parts)
        while true {
            if observer.isCancelled { throw CancellationError() }
            let samples = try decoder.read(Self.portion)[0]
            if samples.isEmpty { return }
            count += samples.count
            try writer.write(samples)
            observer.progressed(to: seconds(count) / expected)
        }
    }

    private func seconds(_ samples: Int) -> Double {
        Double(samples) / Double(Decoder.sampleRate)
    }
}
