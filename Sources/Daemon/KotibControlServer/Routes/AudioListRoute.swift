import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText

/// `GET audio/list`.
struct AudioListRoute {
    static let longestPage = 1000
    static let usualPage = 100
    /// No user's id: those are positive, and 0 stands for files outside users' folders.
    private static let nobody = UserID(rawValue: -1)

    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("audio/list") { request, context in
            try await list(QueryParameters(request), for: context.requireCaller(), context.language)
        }
    }

    private func list(
        _ query: QueryParameters, for caller: Caller, _ messages: Language
    ) async throws -> Response {
        let skip = try query.value("skip") { Int($0).flatMap { $0 >= 0 ? $0 : nil } } ?? 0
        let limit =
            try query.value("limit") { Int($0).flatMap { 1...Self.longestPage ~= $0 ? $0 : nil } }
            ?? Self.usualPage
        let before = try query.value("before") { Int64($0).map(RecordingID.init(rawValue:)) }
        let filter = try await filter(query, in: caller.scope)
        let countsAll = try query.value("count") { $0 == "all" ? true : nil } ?? false
        let index = try await index(filter, before, skip, limit, countsAll)
        return ControlJSON.pieces { [parts] pieces, writer in
            var end = AudioListBody(
                items: [], total: index.total, isTotalExact: index.isTotalExact, skip: skip, limit: limit,
                next: index.next?.rawValue)
            try await pieces.write("{\"items\":[".utf8, to: &writer)
            if let cut = try await Self.writeItems(
                of: index, filter, &pieces, to: &writer, parts, for: caller, messages)
            {
                end.next = cut.rawValue
            }
            // The fields behind the list, which is empty in it.
            let rest = try ControlJSON.encoded(AudioListMetadata(end))
            try await pieces.write(Array("],".utf8) + rest.dropFirst(), to: &writer)
        }
    }

    /// - Returns: the last item that was written, if the page ends before its limit because its texts are
    ///   long.
    private static func writeItems(
        of index: LibraryIndex, _ filter: RecordingFilter, _ pieces: inout ChunkedResponseWriter,
        to writer: inout any ResponseBodyWriter, _ parts: ControlDependencies, for caller: Caller,
        _ messages: Language
    ) async throws -> RecordingID? {
        var (rest, size, isFirst) = (index.recordings[...], 0, true)
        while !rest.isEmpty {
            let (recordings, count) = try await parts.catalog.listing.listed(rest, filter)
            rest = rest.dropFirst(count)
            let progress = await parts.progress()
            for listed in recordings {
                let id = listed.entry.recording.id
                let body = AudioRecordBody(
                    listed.entry, progress: progress[id], endings: parts.endings, in: messages)
                if !isFirst { try await pieces.write(",".utf8, to: &writer) }
                isFirst = false
                try await StreamedTextJSON(listed, body).write(
                    &pieces, to: &writer, parts, for: caller.limitKey)
                size += listed.textSize
                if size >= ListingStore.longestList, id != index.recordings.last { return id }
            }
        }
        return nil
    }

    private func index(
        _ filter: RecordingFilter, _ before: RecordingID?, _ skip: Int, _ limit: Int,
        _ countsAll: Bool
    ) async throws -> LibraryIndex {
        do throws(CatalogError) {
            return try await parts.catalog.listing.index(
                filter, before: before, skip: skip, limit: limit, countsAll: countsAll)
        } catch {
            guard error.code == .tooLong else { throw error }
            throw ControlFailure.later(.serviceUnavailable, .unavailable, .searchTooLong, seconds: 10)
        }
    }

    private func filter(_ query: QueryParameters, in scope: AccessScope) async throws -> RecordingFilter {
        var filter = RecordingFilter(scope: scope)
        filter.states = try query.value("status", Self.states) ?? []
        filter.from = try query.value("from", Self.date)
        filter.until = try query.value("until", Self.date)
        filter.shortest = try query.value("min_duration", Self.seconds)
        filter.longest = try query.value("max_duration", Self.seconds)
        filter.language = query.text("language")
        filter.query = query.text("q")
        if let name = query.text("user") {
            // The answer must not tell another's user from one that does not exist (threat 61).
            let user = try await parts.accounts.users(named: name, skip: 0, limit: 1).users.first
            filter.user = user?.id ?? Self.nobody
        }
        return filter
    }

    private static func states(_ text: String) -> Set<RecordingState>? {
        if text == "all" { return Set(RecordingState.allCases) }
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        let states = names.compactMap { RecordingState(rawValue: String($0)) }
        return states.count == names.count ? Set(states) : nil
    }

    /// A day (its beginning, in UTC) or a time, ISO 8601 with a year of four digits as RFC 3339 has it.
    private static func date(_ text: String) -> Date? {
        guard text.utf8.prefix(5).last == UInt8(ascii: "-") else { return nil }
        let day = Date.ISO8601FormatStyle().year().month().day()
        let styles = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
        for style in styles {
            if let date = try? style.parse(text) { return date }
        }
        // The day's style takes a whole time too, and drops what follows the day.
        return text.utf8.count == 10 ? try? day.parse(text) : nil
    }

    private static func seconds(_ text: String) -> Double? {
        Double(text).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }
}

/// ``AudioListBody`` without its items.
private struct AudioListMetadata: Encodable {
    private let total: Int
    private let isTotalExact: Bool?
    private let skip: Int
    private let limit: Int
    private let next: Int64?

    private enum CodingKeys: String, CodingKey {
        case total
        case isTotalExact = "total_is_exact"
        case skip, limit, next
    }

    init(_ body: AudioListBody) {
        total = body.total
        isTotalExact = body.isTotalExact
        skip = body.skip
        limit = body.limit
        next = body.next
    }
}
