import Glibc
import KotibPOSIX
import KotibText

extension Session {
    /// Whether standard input is a terminal.
    var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

    /// The next line of standard input, trimmed; on a terminal after `question`.
    /// - Throws: ``CommandError`` at the end of the input.
    func ask(_ question: Sentence) async throws -> String {
        if isInteractive { try await errors.write(Array((text(question) + " ").utf8)) }
        guard let line = await BlockingWork.run({ readLine() }) else { throw CommandError(.noAnswer) }
        return line.trimmed
    }

    func confirms(_ question: Sentence) async throws -> Bool {
        let yes: Set = ["y", "yes", "ha", "h", "да", "д"]
        return yes.contains(try await ask(question).lowercased())
    }
}

extension String {
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}

extension Sentence {
    static let noAnswer = Sentence(
        uzbek: "Javob berilmadi: kirish tugadi", english: "There is no answer: the input ended",
        russian: "Нет ответа: ввод закончился")
}
