/// The word error rate of a transcript.
public enum WordErrorRate {
    /// Words that must be inserted, deleted or replaced, for each word that was said: 0 is perfect.
    ///
    /// Case and punctuation do not count.
    public static func of(_ transcript: String, against reference: String) -> Double {
        let said = words(of: reference)
        guard !said.isEmpty else { return words(of: transcript).isEmpty ? 0 : .infinity }
        return Double(edits(from: words(of: transcript), to: said)) / Double(said.count)
    }

    /// Letters, digits and apostrophes between anything else, lower case.
    static func words(of text: String) -> [Substring] {
        text.lowercased().replacing("’", with: "'")
            .split { !$0.isLetter && !$0.isNumber && $0 != "'" }
    }

    /// Levenshtein's distance, in words.
    private static func edits(from a: [Substring], to b: [Substring]) -> Int {
        var row = Array(0...b.count)
        for (i, word) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (word == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
