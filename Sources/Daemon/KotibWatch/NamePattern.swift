/// A pattern for one file or folder name, as glob(7) has them: `*` for any bytes, `?` for one byte, `[a-z]` and
/// `[!a-z]` for one of a set or outside it, `\` before what is meant as it stands.
///
/// Names are bytes and matched as such, whatever they encode; only ASCII letters match in either case, since names
/// come from file systems that make no difference there. A leading dot and leading `*` are nothing special.
public struct NamePattern: Hashable, Sendable {
    /// Nearly all patterns are one of the first three, which take no search.
    private enum Form: Hashable {
        case exactly([UInt8])
        case beginning([UInt8])
        case ending([UInt8])
        case tokens([Token])
    }

    private enum Token: Hashable {
        case byte(UInt8)
        case any
        case anyRun
        case oneOf(Set<UInt8>)
    }

    private let form: Form
    /// Whether it ends in `/`: such a pattern is for folders only.
    public let isForFolders: Bool

    /// Nil for what matches no name, or is not whole: empty, with a `/` inside or a NUL, an open `[`, a lone `\`.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)
        isForFolders = bytes.last == UInt8(ascii: "/")
        if isForFolders { bytes.removeLast() }
        guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")),
            let tokens = Self.parse(bytes)
        else { return nil }
        form = Self.form(of: tokens)
    }

    /// - Parameter name: in lower case (``lowercased(_:)``).
    func matches(lowercased name: [UInt8]) -> Bool {
        switch form {
        case .exactly(let bytes): name == bytes
        case .beginning(let bytes): name.starts(with: bytes)
        case .ending(let bytes): name.count >= bytes.count && name.suffix(bytes.count).elementsEqual(bytes)
        case .tokens(let tokens): Self.match(tokens, name)
        }
    }

    public func matches(_ name: [UInt8]) -> Bool { matches(lowercased: Self.lowercased(name)) }

    /// With A to Z as a to z, and every other byte as it is.
    static func lowercased(_ name: [UInt8]) -> [UInt8] { name.map(lowercased) }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    // MARK: Reading

    private static func parse(_ bytes: [UInt8]) -> [Token]? {
        var tokens: [Token] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): if tokens.last != .anyRun { tokens.append(.anyRun) }
            case UInt8(ascii: "?"): tokens.append(.any)
            case UInt8(ascii: "["):
                guard let set = parseSet(&rest) else { return nil }
                tokens.append(.oneOf(set))
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                tokens.append(.byte(lowercased(escaped)))
            default: tokens.append(.byte(lowercased(byte)))
            }
        }
        return tokens
    }

    /// What follows a `[`, up to its `]`: one that comes first is one of the set, as is a `-` at either end.
    private static func parseSet(_ rest: inout ArraySlice<UInt8>) -> Set<UInt8>? {
        var isOutside = false
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            isOutside = true
            rest.removeFirst()
        }
        var set: Set<UInt8> = []
        var isFirst = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst {
                return isOutside ? Set(UInt8.min...UInt8.max).subtracting(set) : set
            }
            isFirst = false
            if rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last != UInt8(ascii: "]") {
                guard byte <= last else { return nil }
                rest.removeFirst(2)
                set.formUnion((byte...last).map(lowercased))
            } else {
                set.insert(lowercased(byte))
            }
        }
        return nil
    }

    private static func form(of tokens: [Token]) -> Form {
        let runs = tokens.count { $0 == .anyRun }
        let bytes = tokens.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
        guard bytes.count + runs == tokens.count, runs <= 1 else { return .tokens(tokens) }
        if runs == 0 { return .exactly(bytes) }
        if tokens.first == .anyRun { return .ending(bytes) }
        return tokens.last == .anyRun ? .beginning(bytes) : .tokens(tokens)
    }

    // MARK: Matching

    /// Going back to the last `*` alone is enough, as a later one can take whatever an earlier one could: at most
    /// the product of both lengths in steps.
    private static func match(_ tokens: [Token], _ name: [UInt8]) -> Bool {
        var (token, place) = (0, 0)
        var retry: (token: Int, place: Int)?
        while place < name.count {
            if token < tokens.count, tokens[token] == .anyRun {
                retry = (token, place)
                token += 1
            } else if token < tokens.count, takes(tokens[token], name[place]) {
                token += 1
                place += 1
            } else if let run = retry {
                retry = (run.token, run.place + 1)
                (token, place) = (run.token + 1, run.place + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .anyRun }
    }

    private static func takes(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let wanted): byte == wanted
        case .any: true
        case .oneOf(let set): set.contains(byte)
        case .anyRun: false
        }
    }
}
