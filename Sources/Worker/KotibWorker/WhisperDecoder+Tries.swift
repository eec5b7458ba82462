extension WhisperDecoder {
    /// The words in a window, no longer than ``longestWindow``; nil where cancelled. Times are in samples
    /// from the window's start.
    ///
    /// Doubtful words are heard again, with a longer context and then in parts. In parts Whisper has no words
    /// before that it could repeat, or take for said already: they tell how much was said. What was heard as
    /// a whole is taken where it says as much, since whole sentences are understood better. How often one
    /// phrase was said is told by the spans of the voice detection.
    func decode(
        _ window: SpeechWindow, language: String, threads: Int, signals: WhisperSharedState
    ) throws(EngineFailure) -> WhisperResult? {
        let hear = { (window: SpeechWindow, isWide: Bool) throws(EngineFailure) -> WhisperResult? in
            try self.hear(
                window.samples, isWide: isWide, language: language, threads: threads, signals: signals)
        }
        guard let tries = try decodeWithRetry(window, hear), let best = tries.best else { return nil }
        guard let chosen = try hearInParts(window, tries, best, hear) else { return nil }
        return try count(chosen, tries, window.withWholePhrases, hear)
    }

    private typealias Hearing =
        (SpeechWindow, _ isWide: Bool) throws(EngineFailure) -> WhisperResult?

    private func hearInParts(
        _ window: SpeechWindow, _ tries: [WhisperResult], _ best: WhisperResult, _ hear: Hearing
    ) throws(EngineFailure) -> WhisperResult? {
        guard Self.needsParts(tries, best), tries.contains(where: \.hasWords) else { return best }
        let parts = window.parts(upTo: Self.longestPart)
        guard parts.count > 1 else { return best }
        var (heard, offset) = (WhisperResult(segments: [], length: window.length), 0)
        for part in parts {
            guard let words = try decodeWithRetry(part, hear)?.best else { return nil }
            heard.segments += words.segments.map { $0.moved(by: offset) }
            offset += part.length
        }
        return Self.choice(of: tries, inParts: heard)
    }

    /// Samples (5 s): three to five phrases.
    static let longestPart = 80_000

    /// Once, and a second time where the first is doubtful; nil where cancelled.
    private func decodeWithRetry(
        _ window: SpeechWindow, _ hear: Hearing
    ) throws(EngineFailure) -> [WhisperResult]? {
        guard let first = try hear(window, false) else { return nil }
        guard first.isDoubtful, isCut(window.length) else { return [first] }
        guard let second = try hear(window, true) else { return nil }
        return [first, second]
    }

    /// `chosen`, with one phrase that is repeated as often as the spans say; where there are too few words,
    /// with those of each span heard by itself.
    private func count(
        _ chosen: WhisperResult, _ tries: [WhisperResult], _ window: SpeechWindow, _ hear: Hearing
    ) throws(EngineFailure) -> WhisperResult? {
        let refrain = chosen.refrain
        if let refrain, !chosen.isLoop, chosen.isPossible, window.fits(refrain) {
            let isExact = refrain.count == window.pieces.count && chosen.segments.count == refrain.count
            if isExact { return chosen }
            return window.result(of: refrain, logProbability: chosen.logProbability)
        }
        guard chosen.isLoop || window.isShort(of: chosen), window.pieces.count >= 3 else { return chosen }
        let isWorthIt = window.hasEqualSpans || (tries + [chosen]).contains(where: \.hasWords)
        let pieces = isWorthIt ? window.somePieces(Self.maxAlone) : []
        var alone: [WhisperResult] = []
        for piece in pieces {
            guard let words = try hear(SpeechWindow(pieces: [piece]), true) else { return nil }
            alone.append(words)
        }
        if window.hasEqualSpans, let agreed = Self.agreed(alone, (tries + [chosen]).compactMap(\.refrain)) {
            return window.result(of: agreed, logProbability: Self.agreement)
        }
        let isWhole = alone.count == window.pieces.count
        return Self.filled(chosen, isWhole ? alone : [], window)
    }

    /// Spans heard one by one, each in the longest context (some 0.5 s of work with base): as many as a
    /// window of 10 s has.
    private static let maxAlone = 12

    /// Natural logarithm: a word alone has -1.1 to -1.7 where the same word among others has -0.3; that it is
    /// heard again and again makes up for it.
    private static let agreement: Float = -1
    /// Tones and cries said to be words have -1.3 and less.
    private static let leastUnsupported: Float = -1.25

    /// The phrase of most spans, each heard by itself; or that of half of them, where the whole says it too.
    static func agreed(_ alone: [WhisperResult], _ whole: [Refrain]) -> Refrain? {
        // A sound that is no word to the whole is a cry or a tone as often as a word.
        let least = whole.isEmpty ? leastUnsupported : 2 * agreement
        let heard = alone.filter { $0.logProbability > least && !$0.isLoop }.compactMap(\.refrain)
            .filter { $0.count == 1 }
        let votes = heard.map { one in heard.count { $0.saysTheSame(as: one) } }
        // Of equals the first.
        guard let most = votes.max(), let index = votes.firstIndex(of: most) else { return nil }
        if most * 3 >= alone.count * 2 { return heard[index] }
        return whole.first { refrain in heard.count { $0.saysTheSame(as: refrain) } * 2 >= alone.count }
    }

    /// `chosen`, or what the spans say one by one where that is sure and more; with how much speech has no
    /// words.
    private static func filled(
        _ chosen: WhisperResult, _ alone: [WhisperResult], _ window: SpeechWindow
    ) -> WhisperResult {
        var (pieces, offset) = (WhisperResult(segments: [], length: window.length), 0)
        for (piece, words) in zip(window.pieces, alone) {
            if !words.isImprobable && words.hasWords && !words.isLoop {
                pieces.segments += words.segments.map { $0.moved(by: offset) }
            }
            offset += piece.samples.count
        }
        var result = pieces.characters >= 2 * chosen.text.count { !$0.isWhitespace } ? pieces : chosen
        if result.segments.isEmpty { result = chosen }
        let words = Refrain.words(in: result.text).count
        let missing = max(0, window.pieces.count - words)
        result.unheard = window.speech * missing / window.pieces.count
        return result
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
