import ArgumentParser
import FoundationEssentials
import KotibControlClient
import KotibControlProtocol
import KotibText

/// Which recordings.
struct Filter: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only recordings in these states, separated by commas: pending, processing, completed, failed, rejected.",
            valueName: "states"))
    var status: String?

    @Option(help: ArgumentHelp("Only recordings of this user.", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            "Only recordings created at or after this date or time, such as 2026-03-01.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Only recordings created before this date or time.", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Only recordings in this language, such as uz.", valueName: "code"))
    var language: String?

    @Option(help: ArgumentHelp("Only recordings of at least this duration.", valueName: "seconds"))
    var minDuration: Double?

    @Option(help: ArgumentHelp("Only recordings of at most this duration.", valueName: "seconds"))
    var maxDuration: Double?

    @Option(help: ArgumentHelp("The number of recordings, at most 1000.", valueName: "number"))
    var limit = 100

    @Flag(help: "All recordings, however many there are.")
    var all = false

    func validate() throws {
        guard (1...1000).contains(limit) else {
            throw ValidationError("--limit is a number from 1 to 1000, or use --all")
        }
    }

    func query(words: String?) -> [(String, String)] {
        let pairs = [
            ("status", status), ("user", user), ("from", from), ("until", until), ("language", language),
            ("min_duration", minDuration.map { "\($0)" }), ("max_duration", maxDuration.map { "\($0)" }),
            ("q", words), ("limit", String(all ? 1000 : limit)),
        ]
        return pairs.compactMap { name, value in value.map { (name, $0) } }
    }
}

struct List: ControlCommand {
    static let configuration = CommandConfiguration(abstract: "Lists recordings, the newest first.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var filter: Filter

    @Option(
        name: .customShort("q"), help: ArgumentHelp("Only recordings with these words.", valueName: "words"))
    var words: String?

    func run(_ session: Session) async throws {
        let (list, json) = try await session.recordings(filter, words: words)
        if session.json { return try await session.show(json: json) }
        guard !list.items.isEmpty else {
            let isAll = filter.query(words: words).allSatisfy { $0.0 == "limit" }
            return try await session.errors.line(session.text(isAll ? .noRecordings : .nothingFound))
        }
        try await session.show(list.items)
        if list.items.count < list.total {
            let total = "\(list.total)" + (list.isTotalExact == false ? "+" : "")
            try await session.errors.line(session.text(.more(shown: list.items.count, of: total)))
        }
    }
}

extension Session {
    /// With `--all` the pages as one document.
    func recordings(_ filter: Filter, words: String?) async throws -> (AudioListBody, json: [UInt8]) {
        let client = try await client()
        let query = filter.query(words: words)
        let first = try await client.recordings(query)
        guard filter.all, first.body.next != nil else { return (first.body, first.json) }
        var list = first.body
        while let next = list.next {
            let page = try await client.recordings(query + [("before", String(next))]).body
            list.items += page.items
            // A page that leads nowhere new would go on for ever.
            list.next = page.next.flatMap { $0 < next ? $0 : nil }
        }
        list.limit = list.items.count
        return (list, Array(try JSONEncoder().encode(list)))
    }
}

extension Sentence {
    static let noRecordings = Sentence(
        uzbek: "Hozircha audio yozuvlar yo'q", english: "There are no recordings yet",
        russian: "Записей пока нет")

    static func more(shown: Int, of total: String) -> Sentence {
        Sentence(
            uzbek: "\(total) tadan \(shown) tasi; qolganlari: --all",
            english: "\(shown) of \(total); the rest: --all",
            russian: "\(shown) из \(total); остальные: --all")
    }
}
