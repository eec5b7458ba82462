import FoundationEssentials
import GRDB
import KotibModel

/// A filter as the statements want it.
struct LibrarySelection {
    var states: [RecordingState]
    /// Nil for everybody's.
    var user: UserID?
    var search: TranscriptSearch?
    fileprivate var filter: RecordingFilter

    /// Of one user there are so few that their language and time are looked for among all of theirs. Where
    /// many are of the time that is asked for, it costs less to pass over the others than to sort these.
    fileprivate func part(total: Int? = nil) -> LibrarySQL.Part {
        if user != nil { return .ofOneUser }
        if filter.from != nil || filter.until != nil, total ?? 0 <= ListingStore.maxCounted {
            return .ofSomeTime
        }
        return filter.language == nil ? .everything : .inOneLanguage
    }

    fileprivate var isWordsOnly: Bool {
        filter.isTimeless && filter.language == nil
            && Set(states).isSuperset(of: RecordingState.allCases.filter { $0 != .rejected })
    }

    fileprivate var match: String? { search?.expression(user: user) }

    fileprivate func arguments(_ more: [String: (any DatabaseValueConvertible)?]) -> StatementArguments {
        var arguments: [String: (any DatabaseValueConvertible)?] = [
            "from": filter.from.map(Timestamp.text), "until": filter.until.map(Timestamp.text),
            "shortest": filter.shortest, "longest": filter.longest, "language": filter.language,
        ]
        if let search {
            arguments["match"] = search.expression(user: user)
            for (number, expression) in search.expressions(user: user).enumerated() {
                arguments["term\(number)"] = expression
            }
        }
        // NULL for everybody: a subscript with nil would leave it out.
        arguments.updateValue(user?.rawValue, forKey: "user")
        return StatementArguments(arguments.merging(more) { $1 })
    }
}

extension RecordingFilter {
    /// Whether the stored counts answer the number of matches.
    var isCounted: Bool { !isSearch && isTimeless }

    fileprivate var isTimeless: Bool { from == nil && until == nil && shortest == nil && longest == nil }

    fileprivate var isSearch: Bool { query?.contains { !$0.isWhitespace } ?? false }
}

extension Database {
    /// Nil where nothing can match.
    func selection(_ filter: RecordingFilter) throws -> LibrarySelection? {
        var user = filter.user
        if case .only(let own) = filter.scope {
            guard user == nil || user == own else { return nil }
            user = own
        }
        var search: TranscriptSearch?
        if let query = filter.query, filter.isSearch {
            search = try TranscriptSearch(query, makeTokenizer(SearchText.tokenizerDescriptor))
            guard search != nil else { return nil }
        }
        let states = RecordingState.allCases.filter {
            filter.states.isEmpty ? $0 != .rejected : filter.states.contains($0)
        }
        return LibrarySelection(states: states, user: user, search: search, filter: filter)
    }

    /// Newest first.
    /// - Parameter total: how many there are on all pages.
    func ids(
        _ selection: LibrarySelection, total: Int, before: RecordingID?, skip: Int, limit: Int
    ) throws -> [RecordingID] {
        let arguments = selection.arguments([
            "before": before?.rawValue ?? .max, "skip": skip, "limit": limit,
        ])
        let sql =
            if let terms = try pieceTerms(selection) {
                LibrarySQL.searchPage(selection.states, terms: terms)
            } else if selection.search != nil {
                LibrarySQL.searchPage(selection.states)
            } else {
                LibrarySQL.page(selection.states, selection.part(total: total))
            }
        return try rows(sql, arguments).map { RecordingID(rawValue: $0["id"]) }
    }

    /// How many terms are to be looked for in texts that are indexed in pieces; nil where there are none
    /// such.
    private func pieceTerms(_ selection: LibrarySelection) throws -> Int? {
        guard let search = selection.search, try hasSearchPieces() else { return nil }
        return search.terms.count
    }

    func total(_ selection: LibrarySelection, upTo maxCounted: Int) throws -> (count: Int, isExact: Bool) {
        if selection.filter.isCounted {
            let sql = LibrarySQL.keptTotal(selection.states, ofOneUser: selection.user != nil)
            return (try count(sql, selection.arguments([:])), true)
        }
        guard selection.search != nil else {
            let sql = LibrarySQL.total(selection.states, selection.part())
            return (try count(sql, selection.arguments([:])), true)
        }
        let terms = try pieceTerms(selection)
        var sql =
            terms.map { LibrarySQL.searchTotal(selection.states, terms: $0) }
            ?? LibrarySQL.searchTotal(selection.states)
        var arguments = selection.arguments(["limit": maxCounted + 1])
        if selection.isWordsOnly, terms == nil, try row(LibrarySQL.hasDeletions, []) == nil {
            sql = LibrarySQL.searchTotalOfAll
            arguments = ["match": selection.match, "limit": maxCounted + 1]
        }
        let count = try count(sql, arguments)
        return (min(count, maxCounted), count <= maxCounted)
    }

    private func count(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try row(sql, arguments)?["count"] ?? 0
    }
}
