import ArgumentParser
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Search: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Searches transcripts; exits with 1 if nothing is found.",
        usage: "kotibctl search [<options>] <words> ...")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var filter: Filter

    @Argument(help: "Words that must all occur.")
    var words: [String]

    func run(_ session: Session) async throws {
        let (list, json) = try await session.recordings(filter, words: words.joined(separator: " "))
        if session.json {
            try await session.show(json: json)
            if list.items.isEmpty { throw SilentExit(exit: .failed) }
            return
        }
        guard !list.items.isEmpty else { throw CommandError(.nothingFound) }
        for record in list.items {
            let head = "\(record.id)  \(LocalTime.text(record.createdAt))  \(record.filePath)"
            try await session.output.line(session.output.styled(Terminal.safe(head), .bold))
            let snippet = session.marked(record.snippet ?? [])
            if !snippet.isEmpty { try await session.output.line("    " + snippet) }
        }
    }
}

extension Session {
    /// A snippet on one line, what matches in colour.
    fileprivate func marked(_ parts: [SnippetPartBody]) -> String {
        parts.map { part in
            let line = part.text.split(whereSeparator: \.isNewline).joined(separator: " ")
            return output.styled(Terminal.safe(line), part.isMatch ? .yellow : nil)
        }.joined()
    }
}

extension Sentence {
    static let nothingFound = Sentence(
        uzbek: "Hech narsa topilmadi", english: "Nothing was found", russian: "Ничего не найдено")
}
