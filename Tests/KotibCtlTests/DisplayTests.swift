import KotibControlClient
import KotibControlProtocol
import KotibText
import SystemPackage
import Testing

@testable import kotibctl

@Suite("What is shown")
struct DisplayTests {
    private let plain = Terminal(.standardOutput, isTerminal: false, hasColours: false)

    @Test(
        "Widths are those of a terminal",
        arguments: [("abc", 3), ("会議", 4), ("e\u{301}", 1), ("👨‍👩‍👧", 2), ("Ўз", 2), ("", 0)])
    func width(text: String, columns: Int) { #expect(text.displayWidth == columns) }

    @Test("What is cut never exceeds its width, and never halves a wide character")
    func cut() {
        #expect("会議録音".cut(toWidth: 6) == "会議…")
        #expect("会議録音".cut(toWidth: 8) == "会議録音")
        for width in 0...9 { #expect("a会議録e\u{301}b".cut(toWidth: width).displayWidth <= width) }
    }

    @Test("A table fits: only the columns that give are cut")
    func table() {
        var table = TextTable(columns: [
            .init(title: "ID", alignsRight: true), .init(title: "FILE", isFlexible: true), .init(title: "N"),
        ])
        table.rows = [["7", "a long name of a file.mp3", "x"], ["12345", "会議.wav", "y"]]
        let lines = table.text(width: 24) { text, _ in text }.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        for line in lines { #expect(line.displayWidth <= 24) }
        #expect(lines[1].hasPrefix("    7  a long name"))
        #expect(lines[1].contains("…"))
        #expect(table.text(for: plain).contains("a long name of a file.mp3"))
    }

    @Test(
        "Nothing of a stranger's commands a terminal",
        arguments: [
            ("\u{1B}[2Jx", "\\u{1B}[2Jx"), ("a\nb", "a\\nb"), ("\u{9B}31m", "\\u{9B}31m"),
            ("gpj.\u{202E}3pm", "gpj.\\u{202E}3pm"), ("a\r\nb", "a\\r\\nb"),
        ])
    func safe(raw: String, shown: String) {
        #expect(Terminal.safe(raw) == shown)
        #expect(TextTable.Cell(raw).text == shown)
    }

    @Test("A transcript keeps its lines")
    func lines() { #expect(Terminal.safe("a\n\tb\u{1B}", lines: true) == "a\n\tb\\u{1B}") }

    @Test("Colours need a terminal that has them")
    func colours() {
        #expect(plain.styled("x", .red) == "x")
        let coloured = Terminal(.standardOutput, isTerminal: true, hasColours: true)
        #expect(coloured.styled("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    }

    @Test("Lengths and shares from a socket may be anything")
    func numbers() {
        #expect(LocalTime.length(3723) == "1:02:03")
        #expect(LocalTime.length(62.4) == "1:02")
        for odd in [Double.nan, .infinity, -1, 1e300] { #expect(LocalTime.length(odd).isEmpty) }
        #expect(LocalTime.percent(.nan) == "0%")
        #expect(LocalTime.percent(1e300) == "100%")
        #expect(LocalTime.text("soon") == "soon")
    }

    @Test(
        "The locale decides the language",
        arguments: [
            (["LANG": "uz_UZ.UTF-8"], Language.uzbek), (["LC_ALL": "", "LANG": "ru_RU"], .russian),
            (["LC_ALL": "C.UTF-8", "LANG": "uz_UZ"], .english), ([:], .english), (["LANG": "uzx"], .english),
            (["LC_MESSAGES": "ru", "LANG": "uz"], .russian),
        ])
    func language(environment: [String: String], language: Language) {
        #expect(Language(environment: environment) == language)
    }

    @Test(
        "An HTTP status becomes an exit code",
        arguments: [(401, 77), (403, 77), (404, 66), (409, 1), (429, 75), (503, 75), (500, 1)])
    func exits(status: Int, code: Int32) {
        let error = ControlError.refused(
            status: status, ErrorBody(detail: "", code: .internal), retryAfter: nil)
        #expect(ControlExit(error).rawValue == code)
    }
}
