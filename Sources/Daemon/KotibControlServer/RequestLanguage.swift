import KotibText

/// Selects one of the three languages (RFC 9110, 12.5.4).
enum RequestLanguage {
    /// The one with the highest weight, the first of equals; Uzbek where none is asked for.
    static func best(of header: String?) -> Language {
        var best = Language.uzbek
        var highest = 0.0
        for range in (header ?? "").prefix(1000).split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let tag = parts.first?.prefix(while: { $0 != "-" }).lowercased(),
                let language = Language(rawValue: tag)
            else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if weight > highest { (best, highest) = (language, weight) }
        }
        return best
    }
}
