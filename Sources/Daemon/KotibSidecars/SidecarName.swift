// KotibSidecars: the files that Kotib writes beside a recording.

import KotibCatalog
import KotibModel

/// The names of the files beside a recording: the recording's full name and an ending, so that `a.wav` and
/// `a.mp3` never share one.
public enum SidecarName {
    /// The names to try for one kind, best first: the second where another person's file has the first.
    public static func candidates(for recording: InboxPath, kind: SidecarKind) -> [InboxPath] {
        let endings =
            switch kind {
            case .transcript: [".txt", ".kotib.txt"]
            case .srt, .vtt, .json, .md: [".\(kind.rawValue)", ".kotib.\(kind.rawValue)"]
            case .rejected: [".rejected.txt", ".kotib-rejected.txt"]
            case .failed: [".failed.txt", ".kotib-failed.txt"]
            case .remark: [".note.txt", ".kotib-note.txt"]
            }
        return endings.compactMap { recording.sibling(name(recording.name, ending: $0)) }
    }

    /// The recording that a text's name is made from. Nil for a name that is no text's; a name that was cut
    /// gives none that exists.
    static func recording(ofText text: InboxPath) -> InboxPath? {
        let endings = [".kotib.txt", ".txt"].map { Array($0.utf8) }
        guard let ending = endings.first(where: { text.name.suffix($0.count).elementsEqual($0) }) else {
            return nil
        }
        return text.sibling(Array(text.name.dropLast(ending.count)))
    }

    /// The names to try for the note about a text that cannot be read, best first.
    static func notes(about text: InboxPath) -> [InboxPath] {
        [".rejected.txt", ".kotib-rejected.txt"].compactMap { text.sibling(name(text.name, ending: $0)) }
    }

    /// Whether a note is about a recording's text and not about the recording.
    static func isAboutText(_ note: InboxPath) -> Bool {
        [".txt.rejected.txt", ".txt.kotib-rejected.txt"].contains { ending in
            note.name.suffix(ending.utf8.count).elementsEqual(ending.utf8)
        }
    }

    /// A name that would be too long with its ending is cut between characters and gets
    /// a hash of the whole, so that two long names that begin alike stay two.
    static func name(_ name: [UInt8], ending: String) -> [UInt8] {
        let ending = Array(ending.utf8)
        if name.count + ending.count <= InboxPath.longestName { return name + ending }
        let hash = Array("~\(hex(fnv1a(name)))".utf8)
        var length = InboxPath.longestName - ending.count - hash.count
        // Not in the middle of a character: back over continuation bytes (RFC 3629), of which there are 3 at
        // most.
        for _ in 0..<3 where name[length] & 0xC0 == 0x80 { length -= 1 }
        return name[..<length] + hash + ending
    }

    /// FNV-1a, 64 bits (draft-eastlake-fnv): to tell names apart, not to withstand an attack; a clash only
    /// makes the second sidecar take its other name.
    private static func fnv1a(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
