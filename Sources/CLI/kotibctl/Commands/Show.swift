import ArgumentParser
import FoundationEssentials
import KotibControlClient
import KotibControlProtocol
import KotibText

struct Show: ControlCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case txt, srt, vtt, json, md
    }

    static let configuration = CommandConfiguration(
        abstract: "Shows a recording and its transcript.",
        discussion: "If the output is not a terminal, control characters are printed unchanged.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The id of the recording.")
    var id: Int64

    @Option(help: "Print only the transcript, in this format.")
    var format: Format?

    @Flag(help: "List the revisions, newest first.")
    var revisions = false

    @Option(help: ArgumentHelp("Show the transcript of this revision.", valueName: "number"))
    var revision: Int64?

    func validate() throws {
        guard [format != nil, revisions, revision != nil].filter({ $0 }).count <= 1 else {
            throw ValidationError("Only one of --format, --revisions and --revision can be shown")
        }
        if options.json, let format, format != .json {
            throw ValidationError("A document of format \(format) is no JSON: leave --json out.")
        }
    }

    func run(_ session: Session) async throws {
        let client = try await session.client()
        if let format {
            let document = try await client.transcript(id, format: format.rawValue)
            return try await session.words(String(decoding: document, as: UTF8.self))
        }
        if let revision {
            let answer = try await client.revision(id, revision)
            if session.json { return try await session.show(json: answer.json) }
            return try await session.words(answer.body.text)
        }
        if revisions {
            let (list, json) = try await allRevisions(client)
            if session.json { return try await session.show(json: json) }
            return try await session.show(list.items)
        }
        let answer = try await client.recording(id)
        if session.json { return try await session.show(json: answer.json) }
        let facts = session.facts(of: answer.body).text(for: session.output)
        try await session.output.write(Array(facts.utf8))
        guard let words = answer.body.transcriptText, !words.isEmpty else { return }
        try await session.words("\n" + words)
    }
}

extension Show {
    /// All pages as one document.
    private func allRevisions(
        _ client: ControlClient
    ) async throws -> (RevisionListBody, json: [UInt8]) {
        let first = try await client.revisions(id)
        var list = first.body
        guard list.next != nil else { return (list, first.json) }
        while let next = list.next {
            let page = try await client.revisions(id, before: next).body
            list.items += page.items
            // A page that leads nowhere new would go on for ever.
            list.next = page.next.flatMap { $0 < next ? $0 : nil }
        }
        return (list, Array(try JSONEncoder().encode(list)))
    }
}

extension Session {
    /// A transcript: unchanged for a file or pipe, escaped for a terminal.
    func words(_ text: String) async throws {
        let shown = output.isTerminal ? Terminal.safe(text, lines: true) : text
        try await output.write(Array((shown.hasSuffix("\n") ? shown : shown + "\n").utf8))
    }

    fileprivate func show(_ revisions: [RevisionBody]) async throws {
        var table = TextTable(columns: [
            .init(title: text(.revision), alignsRight: true), .init(title: text(.time)),
            .init(title: text(.author)), .init(title: text(.words), isFlexible: true),
        ])
        table.rows = revisions.map { revision in
            let line = revision.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            return [
                .init(String(revision.id)), .init(LocalTime.text(revision.createdAt)),
                .init(revision.author ?? revision.origin), .init(line),
            ]
        }
        try await output.write(Array(table.text(for: output).utf8))
    }
}

extension Sentence {
    static let author = Sentence(uzbek: "MUALLIF", english: "AUTHOR", russian: "АВТОР")
    static let words = Sentence(uzbek: "MATN", english: "WORDS", russian: "ТЕКСТ")
}
