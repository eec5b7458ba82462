import KotibModel

/// One recording of a file. Most files are one recording; some hold several in sequence, or have bytes around
/// it that its demuxer does not expect. Determined by the bytes alone, so that transcription decodes exactly
/// what inspection counted.
struct RecordingPart: Hashable {
    /// Bytes of the file.
    var range: Range<Int64>
    var patches: [Excerpt.Patch] = []
    var swap: Excerpt.ByteOrderSwap?
    /// Seconds of sound behind the end according to the header; 0 if unknown.
    var excess: Double?

    /// The limit of recordings of one file that are transcribed.
    static let most = 1_000

    /// At least one, in their order.
    /// - Throws: what the source throws.
    static func all(in source: any ByteSource, _ container: Container) throws -> [RecordingPart] {
        let start = try beginning(in: source, container)
        if start == 0 { return try parts(of: source, container) }
        return try parts(of: Excerpt(source, start..<source.size), container).map { $0.moved(by: start) }
    }

    private static func parts(of source: any ByteSource, _ container: Container) throws -> [RecordingPart] {
        let whole = [RecordingPart(range: 0..<source.size)]
        let found: [RecordingPart]
        switch container {
        case .wav: found = try WAVLayout.parts(of: source)
        case .mov: found = Self.between(try MP4Layout.starts(in: source), source)
        case .amr: found = Self.between(try AMRLayout.starts(in: source), source)
        case .asf: found = Self.between(try ASFLayout.starts(in: source), source)
        case .flac: found = Self.between(try FLACLayout.starts(in: source), source)
        case .caf: found = Self.between(try CAFLayout.starts(in: source), source)
        // libav reads on over the header of a next one.
        case .ogg, .matroska: found = whole
        case .mp3, .aac: found = [RecordingPart(range: try FrameSearch.start(in: source)..<source.size)]
        }
        return found.isEmpty ? whole : found
    }

    /// The offset of the container. The demuxers of those with tags of their own pass over ID3 by themselves.
    private static func beginning(in source: any ByteSource, _ container: Container) throws -> Int64 {
        switch container {
        case .mp3, .aac, .flac: 0
        case .wav, .mov, .ogg, .matroska, .amr, .asf, .caf: try Container.start(in: source)
        }
    }

    /// The same of a file with `count` bytes more at its beginning.
    private func moved(by count: Int64) -> RecordingPart {
        var part = self
        part.range = range.lowerBound + count..<range.upperBound + count
        for index in patches.indices { part.patches[index].offset += count }
        part.swap?.start += count
        return part
    }

    private static func between(_ starts: [Int64], _ source: any ByteSource) -> [RecordingPart] {
        let ends = starts.dropFirst() + [source.size]
        return zip(starts, ends).map { RecordingPart(range: $0..<max($0, $1)) }
    }

    /// Whether libav reads something else than the file as it stands.
    func isPatched(_ file: any ByteSource) -> Bool { range != 0..<file.size || !patches.isEmpty }

    /// The bytes that libav reads.
    func source(_ file: any ByteSource) -> any ByteSource {
        isPatched(file) ? Excerpt(file, range, patches: patches, swap: swap) : file
    }
}
