import KotibModel
import KotibPOSIX

/// The sound of a file as one stream: that of each recording in it (``RecordingPart``), one after the other.
final class FileDecoder: SampleSource {
    private let file: FileSource
    private let container: Container
    private let longestDuration: Double
    private var parts: ArraySlice<RecordingPart>
    private var current: Decoder?
    /// Samples given so far.
    private var given = 0

    /// Seconds, for progress; 0 where nothing tells.
    private(set) var expectedDuration: Double

    /// Decodes the beginning, so that a file that cannot be decoded is known at once.
    /// - Parameters:
    ///   - container: libav's name of it, out of the known table.
    ///   - longestDuration: seconds after which the stream ends.
    /// - Throws: ``Rejection`` for the file's fault, ``SystemError`` where it cannot be read.
    init(_ file: OpenFile, container: String, longestDuration: Double) throws {
        guard let container = Container(rawValue: container) else {
            throw RejectionDetail.codec("container \(container)")
        }
        self.container = container
        self.longestDuration = longestDuration
        self.file = try FileSource(file)
        parts = try RecordingPart.all(in: self.file, container)[...]
        let first = parts.removeFirst()
        let decoder = try Decoder(
            first.source(self.file), container: container, longestDuration: longestDuration)
        current = decoder
        let share = Double(self.file.size) / Double(max(1, first.range.count))
        expectedDuration =
            parts.isEmpty
            ? decoder.expectedDuration : min(decoder.expectedDuration * share, longestDuration)
    }

    func read(_ count: Int) throws -> [Float] {
        while let decoder = current {
            let samples = try decoder.read(count)
            given += samples.count
            if !samples.isEmpty { return samples }
            current = try next()
        }
        return []
    }

    /// Nil at the end, and where no recording follows that can be decoded: inspection counted none there.
    private func next() throws -> Decoder? {
        guard let part = parts.popFirst() else { return nil }
        do {
            return try Decoder(
                part.source(file), container: container,
                longestDuration: longestDuration - Double(given) / Double(Self.sampleRate))
        } catch let rejection as Rejection where rejection.endsDecoding {
            return nil
        }
    }
}
