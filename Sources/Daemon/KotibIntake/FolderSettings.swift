import KotibModel
import KotibPOSIX

/// A folder's settings from the file `kotib.ini` in it: lines `key = value`; what follows `#` or `;`
/// is a comment.
public struct FolderSettings: Hashable, Sendable {
    public static let fileName = Array("kotib.ini".utf8)
    /// Bytes of a file.
    public static let longest = 4096
    /// Characters of a line that a note repeats.
    private static let longestQuotation = 40
    private static let keys = ["language"]

    /// For the recordings in the folder and below it; nil if not set.
    public var language: SpokenLanguage?

    public init() {}

    /// - Parameter bytes: UTF-8, with or without a byte order mark; lines end as on Unix or Windows.
    public init(parsing bytes: [UInt8]) throws(FolderSettingsProblem) {
        guard bytes.count <= Self.longest else { throw .tooLarge(limit: Self.longest) }
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: isMarked ? bytes.dropFirst(3) : bytes[...], as: UTF8.self),
            !text.utf8.contains(0)
        else { throw .notText }
        // By scalars, because Swift takes CR LF for one character.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = Self.trimmed(line.prefix { $0 != "#" && $0 != ";" })
            if !content.isEmpty { try read(content, line: index + 1) }
        }
    }

    private mutating func read(_ content: Substring, line: Int) throws(FolderSettingsProblem) {
        guard let sign = content.firstIndex(of: "=") else { throw .noAssignment(line: line) }
        let key = Self.trimmed(content[..<sign].unicodeScalars[...]).lowercased()
        let value = Self.trimmed(content[content.index(after: sign)...].unicodeScalars[...])
        guard Self.keys.contains(key) else {
            throw .unknownKey(
                line: line, key: Self.quotation(key), nearest: Spelling.nearest(to: key, among: Self.keys))
        }
        guard language == nil else { throw .repeatedKey(line: line, key: key) }
        guard let language = SpokenLanguage(value) else {
            throw .unknownLanguage(line: line, value: Self.quotation(value))
        }
        self.language = language
    }

    private static func trimmed(_ scalars: Substring.UnicodeScalarView) -> Substring {
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let rest = scalars.drop(while: isBlank)
        guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return "" }
        return Substring(rest[...last])
    }

    private static func quotation(_ text: some StringProtocol) -> String {
        ByteText.escaped(String(text.prefix(longestQuotation)).utf8)
    }
}

extension FolderSettings {
    /// The problem with the file itself, before a byte is read. Nil for one that can be read.
    public static func problem(with status: FileStatus) -> FolderSettingsProblem? {
        // With a second name it may be somebody else's file that was linked here to have it read (threat 16).
        guard status.kind == .regular, status.links <= 1 else { return .notOrdinary }
        if status.permissions & 0o444 == 0 { return .unreadable }
        return status.identity.size > Int64(longest) ? .tooLarge(limit: longest) : nil
    }

    /// Whether a file is probably meant as a settings file: some file systems ignore case, and editors append
    /// their own extension.
    static func isMeant(by name: [UInt8]) -> Bool {
        let name = String(decoding: name, as: UTF8.self).lowercased()
        guard name.utf8.starts(with: fileName) else { return false }
        let rest = LookalikeName.visible(name.unicodeScalars.dropFirst(fileName.count))
        guard rest.first ?? "." == "." else { return false }
        return rest.split(separator: ".").allSatisfy { editorExtensions.contains(String($0)) }
    }

    /// Of what editors of texts write.
    private static let editorExtensions: Set<String> = [
        "txt", "text", "ini", "rtf", "md", "doc", "docx", "odt",
    ]

    /// The problem with the name of a file that is meant as a settings file. Nil for the right name.
    static func problem(withName name: [UInt8]) -> FolderSettingsProblem? {
        if name == fileName { return nil }
        return name.count == fileName.count ? .wrongCase : .wrongName
    }
}
