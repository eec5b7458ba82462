/// The fields of one thing, a line each: a label, then the value.
struct FieldList: Sendable {
    private var facts: [(label: String, cell: TextTable.Cell)] = []

    /// A value that is missing or empty gets no line.
    mutating func add(_ label: String, _ value: String?, _ style: Terminal.Style? = nil) {
        guard let value, !value.isEmpty else { return }
        facts.append((label, TextTable.Cell(value, style)))
    }

    func text(for terminal: Terminal) -> String {
        let width = facts.map(\.label.displayWidth).max() ?? 0
        return facts.map { fact in
            let padding = String(repeating: " ", count: width - fact.label.displayWidth + 2)
            let label = terminal.styled(fact.label, .bold)
            return label + padding + terminal.styled(fact.cell.text, fact.cell.style) + "\n"
        }.joined()
    }
}
