/// Columns of text that fit a terminal.
struct TextTable: Sendable {
    struct Column: Sendable {
        var title: String
        /// Numbers stand at the right.
        var alignsRight = false
        /// Truncated if the table is too wide.
        var isFlexible = false
    }

    struct Cell: Sendable, ExpressibleByStringInterpolation {
        var text: String
        var style: Terminal.Style?

        init(_ text: String, _ style: Terminal.Style? = nil) {
            self.text = Terminal.safe(text)
            self.style = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    /// The minimum width of a truncated column.
    private static let narrowest = 8
    private static let gap = "  "

    var columns: [Column]
    var rows: [[Cell]] = []

    /// - Parameter terminal: where it goes; elsewhere than on a terminal nothing is cut.
    func text(for terminal: Terminal) -> String {
        text(width: terminal.columns, style: terminal.styled)
    }

    func text(width: Int?, style: (String, Terminal.Style?) -> String) -> String {
        let heads = columns.map { Cell($0.title, .bold) }
        let widths = widths(of: [heads] + rows, within: width)
        return ([heads] + rows).map { row in
            line(row, widths, style) + "\n"
        }.joined()
    }

    private func line(_ row: [Cell], _ widths: [Int], _ style: (String, Terminal.Style?) -> String) -> String
    {
        var line = ""
        for (index, cell) in row.enumerated() {
            let cut = cell.text.cut(toWidth: widths[index])
            let padding = String(repeating: " ", count: widths[index] - cut.displayWidth)
            let isLast = index == row.count - 1
            let shown = style(cut, cell.style)
            line += columns[index].alignsRight ? padding + shown : shown + (isLast ? "" : padding)
            if !isLast { line += Self.gap }
        }
        return line
    }

    private func widths(of rows: [[Cell]], within limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in rows.map { $0[index].text.displayWidth }.max() ?? 0 }
        guard let limit else { return widths }
        let gaps = Self.gap.count * (columns.count - 1)
        var excess = widths.reduce(gaps, +) - limit
        // The widest gives first, down to the next widest, so that short values stay whole.
        while excess > 0 {
            let giving = columns.indices.filter { columns[$0].isFlexible && widths[$0] > Self.narrowest }
            guard let widest = giving.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
