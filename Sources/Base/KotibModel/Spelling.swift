/// Suggests a known word for a misspelt one.
public enum Spelling {
    /// The candidate that takes the fewest single-letter edits, where that is at most a third of the word.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let scored = candidates.map { (distance(word, $0), $0) }
        guard let best = scored.min(by: { $0.0 < $1.0 }), best.0 <= max(2, word.count / 3) else { return nil }
        return best.1
    }

    /// Levenshtein's distance, in letters.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b)
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substituted = diagonal + (letter == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
