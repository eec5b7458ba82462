import KotibControlProtocol
import KotibText

/// Bytes for people.
enum Size {
    /// In powers of 1024, to a tenth: `1.5 GB`.
    static func text(_ bytes: Int64) -> String { text(Double(bytes)) }

    static func text(_ bytes: Double) -> String {
        // Text from the socket is not trusted.
        var value = bytes.isFinite ? max(0, bytes) : 0
        var unit = 0
        let units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(Size.number(unit > 0 ? (value * 10).rounded() / 10 : value.rounded())) \(units[unit])"
    }

    /// Whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? String(value)
    }
}

extension Sentence {
    static let space = Sentence(uzbek: "HAJM", english: "SPACE", russian: "ОБЪЁМ")
    static let recordings = Sentence(uzbek: "YOZUVLAR", english: "RECORDINGS", russian: "ЗАПИСИ")
    static let minutesToday = Sentence(
        uzbek: "BUGUN, DAQIQA", english: "MINUTES TODAY", russian: "МИНУТ СЕГОДНЯ")

    static func used(_ part: QuotaBody.Part) -> Sentence {
        used(Size.number(part.used), part.limit.map(String.init))
    }

    /// - Parameter limit: nil for none.
    static func used(_ used: String, _ limit: String?) -> Sentence {
        guard let limit else { return Sentence(uzbek: used, english: used, russian: used) }
        return Sentence(
            uzbek: "\(used) (\(limit) dan)", english: "\(used) of \(limit)", russian: "\(used) из \(limit)")
    }
}
