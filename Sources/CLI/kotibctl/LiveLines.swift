/// Lines at the end of a terminal that are redrawn. Every frame is one text that leaves the cursor at the
/// start of the line below, so a program that ends at any moment, also by a signal, leaves the terminal
/// clean.
struct LiveLines: Sendable {
    /// The display widths of the lines that stand.
    private var drawn: [Int] = []

    /// - Parameters:
    ///   - stay: what is written above the lines for good.
    ///   - columns: of the terminal, now. One that became narrower has wrapped the lines that stand.
    mutating func frame(_ lines: [String], stay: [String] = [], columns: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        drawn = lines.map(\.displayWidth)
        let up = rows > 0 ? "\u{1B}[\(rows)A" : ""
        return up + (stay + lines).map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
