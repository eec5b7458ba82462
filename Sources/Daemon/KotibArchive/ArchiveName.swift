import KotibModel

/// The names to try for audio in the archive: its own, then with ` (2)` and so on before the extension.
enum ArchiveName {
    /// More files of one name are not to be expected.
    static let most = 10_000
    /// Bytes. Longer text after a dot is no ending.
    private static let longestEnding = 32

    /// - Parameter number: from 1 on.
    static func bytes(_ name: [UInt8], _ number: Int) -> [UInt8] {
        guard number > 1 else { return name }
        let (stem, ending) = parts(name)
        let tail = Array(" (\(number))".utf8) + ending
        var length = min(stem.count, InboxPath.longestName - tail.count)
        if length < stem.count {
            // Not in the middle of a character: back over continuation bytes (RFC 3629), of which there are 3
            // at most.
            for _ in 0..<3 where length > 1 && stem[length] & 0xC0 == 0x80 { length -= 1 }
        }
        return stem[..<length] + tail
    }

    /// A name that begins with its only dot has no ending.
    private static func parts(_ name: [UInt8]) -> (stem: [UInt8], ending: [UInt8]) {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name.count - dot <= longestEnding
        else { return (name, []) }
        return (Array(name[..<dot]), Array(name[dot...]))
    }
}
