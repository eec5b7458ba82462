import HTTPTypes
import KotibControlProtocol
import KotibModel

/// The condition of `If-Match` (RFC 9110, 13.1.1), a revision's number being the entity tag.
enum Precondition: Hashable, Sendable {
    /// No header, or `*`: any revision is replaced.
    case none
    /// One of these must be the current revision; empty if none of the tags can be a revision's. Weak tags
    /// never match.
    case revisions(Set<RevisionID>)

    /// No revision has it.
    private static let impossible = RevisionID(rawValue: 0)

    /// - Throws: ``ControlFailure``, 422: a condition that cannot be read must not count as none.
    init(_ headers: HTTPFields) throws(ControlFailure) {
        let fields = headers[values: .ifMatch]
        guard !fields.isEmpty else {
            self = .none
            return
        }
        let list = fields.joined(separator: ",")
        if list == "*" {
            self = .none
            return
        }
        guard let tags = Self.tags(list) else { throw ControlFailure.invalid("If-Match") }
        self = .revisions(Set(tags.compactMap { Int64($0).map(RevisionID.init(rawValue:)) }))
    }

    /// The revision that the catalog must find when it writes.
    /// - Parameter latest: the current revision.
    func expected(at latest: RevisionID?) -> RevisionID? {
        switch self {
        case .none: nil
        case .revisions(let revisions):
            if let latest, revisions.contains(latest) { latest } else { revisions.first ?? Self.impossible }
        }
    }

    /// The opaque parts of the strong tags. Nil where it is no list of tags.
    private static func tags(_ list: String) -> [String]? {
        var tags: [String] = []
        var isEmpty = true
        var rest = Substring(list)
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            guard !rest.isEmpty else { return isEmpty ? nil : tags }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            isEmpty = false
            if !isWeak { tags.append(String(rest[..<end])) }
            rest = rest[rest.index(after: end)...].drop { $0 == " " || $0 == "\t" }
            guard rest.isEmpty || rest.first == "," else { return nil }
        }
    }
}
