extension WhisperDecoder {
    /// The words in a window, no longer than ``longestWindow``; nil where cancelled. Times are in samples
    /// from the window's start.
    ///
    /// Doubtful words are heard again, with a longer context and then in parts. In parts Whisper has no words
    /// before that it could repeat, or take for said already: they tell how much was said. What was heard as
    /// a whole is taken where it says as much, since whole sentences are understood better.
    func decode(
        _ window: SpeechWindow, language: String, threads: Int, signals: WhisperSignals
    ) throws(EngineFailure) -> WhisperResult? {
        let hear = { (window: SpeechWindow, isWide: Bool) throws(EngineFailure) -> WhisperResult? in
            try self.hear(
                window.samples, isWide: isWide, language: language, threads: threads, signals: signals)
        }
        guard let tries = try hearTwice(window, hear), let best = tries.best else { return nil }
        guard Self.needsParts(tries, best), tries.contains(where: \.hasWords) else { return best }
        let parts = window.parts(upTo: Self.longestPart)
        guard parts.count > 1 else { return best }
        var (heard, offset) = (WhisperResult(segments: [], length: window.length), 0)
        for part in parts {
            guard let words = try hearTwice(part, hear)?.best else { return nil }
            heard.segments += words.segments.map { $0.moved(by: offset) }
            offset += part.length
        }
        return Self.choice(of: tries, inParts: heard)
    }

    /// Samples (5 s): three to five phrases.
    static let longestPart = 80_000

    /// Once, and a second time where the first is doubtful; nil where cancelled.
    private func hearTwice(
        _ window: SpeechWindow,
        _ hear: (SpeechWindow, _ isWide: Bool) throws(EngineFailure) -> WhisperResult?
    ) throws(EngineFailure) -> [WhisperResult]? {
        guard let first = try hear(window, false) else { return nil }
        guard first.isDoubtful, isCut(window.length) else { return [first] }
        guard let second = try hear(window, true) else { return nil }
        return [first, second]
    }

    /// Whether what was heard as a whole says too little about how much was said.
    private static func needsParts(_ tries: [WhisperResult], _ best: WhisperResult) -> Bool {
        best.isDoubtful || tries.contains { $0.isRepetitive && $0.isPossible && !best.saysAsMuch(as: $0) }
    }

    static func choice(of tries: [WhisperResult], inParts parts: WhisperResult) -> WhisperResult {
        let possible = tries.filter(\.isPossible)
        if let agreed = possible.filter({ $0.saysAsMuch(as: parts) }).best { return agreed }
        if parts.isPossible { return parts }
        return (tries + [parts]).best ?? parts
    }
}

extension [WhisperResult] {
    /// Of equals the first.
    var best: WhisperResult? {
        guard var best = first else { return nil }
        for other in dropFirst() where other.isBetter(than: best) { best = other }
        return best
    }
}

extension WhisperResult.Segment {
    fileprivate func moved(by samples: Int) -> Self {
        var moved = self
        moved.start += samples
        moved.end += samples
        return moved
    }
}

extension SpeechWindow {
    /// The window in parts of about the same length, none longer than `limit` samples, cut between its
    /// pieces; a piece that is longer is cut where it is quietest.
    func parts(upTo limit: Int) -> [SpeechWindow] {
        let short = pieces.flatMap { $0.cut(upTo: limit) }
        let count = max(1, (length + limit - 1) / limit)
        let target = length / count
        var parts: [SpeechWindow] = []
        for piece in short {
            if let last = parts.last, last.length < target, last.length + piece.samples.count <= limit {
                parts[parts.count - 1].pieces.append(piece)
            } else {
                parts.append(SpeechWindow(pieces: [piece]))
            }
        }
        return parts
    }
}

extension SpeechPiece {
    /// Samples (0.1 s) that are compared for the quietest place.
    private static let pause = 1_600

    fileprivate func cut(upTo limit: Int) -> [SpeechPiece] {
        var pieces: [SpeechPiece] = []
        var rest = self
        while rest.samples.count > limit {
            // The rest is never a mere scrap.
            let latest = min(limit, rest.samples.count - limit / 4)
            let place = rest.quietest(in: limit / 2..<latest)
            pieces.append(rest.part(0..<place))
            rest = rest.part(place..<rest.samples.count)
        }
        return pieces + [rest]
    }

    private func quietest(in range: Range<Int>) -> Int {
        let places = stride(from: range.lowerBound, to: range.upperBound, by: Self.pause / 2)
        let power = { (place: Int) in
            samples[max(0, place - Self.pause / 2)..<min(samples.count, place + Self.pause / 2)]
                .reduce(Float(0)) { $0 + $1 * $1 }
        }
        return places.min { power($0) < power($1) } ?? range.upperBound
    }

    private func part(_ range: Range<Int>) -> SpeechPiece {
        let start = span.audio.lowerBound
        let audio = start + range.lowerBound..<start + range.upperBound
        return SpeechPiece(
            span: VoiceSpan(speech: span.speech.clamped(to: audio), audio: audio),
            samples: Array(samples[range]))
    }
}
