import KotibModel

/// A client's name for its file, made fit for an inbox that people also see over Samba.
///
/// Only the last component counts, whichever way the client's system writes paths. Control characters become
/// `_`. A leading dot or tilde, which would hide the file, is dropped, and a name of a device of Windows
/// (`CON.wav`) gets a `_` in front.
struct UploadName: Hashable, Sendable {
    /// Never empty.
    let stem: String
    /// With its dot; empty where there is none.
    let ending: String

    init(_ name: String) {
        let component = Self.cleaned(Self.lastComponent(name.unicodeScalars))
        let dot = component.lastIndex(of: ".") ?? component.endIndex
        ending = String(component[dot...])
        let stem = String(Self.trimmed(component[..<dot], [" ", ".", "~"]))
        if stem.isEmpty {
            self.stem = "recording"
        } else {
            self.stem = Self.isDevice(stem) ? "_" + stem : stem
        }
    }

    /// The name to try as the `number`th, from 1 on: `talk.wav`, `talk (2).wav`. Never longer than a name may
    /// be: the stem is cut between characters. Nil where the ending alone is too long.
    func bytes(_ number: Int) -> [UInt8]? {
        let tail = Array(((number == 1 ? "" : " (\(number))") + ending).utf8)
        let room = InboxPath.longestName - tail.count
        var head: [UInt8] = []
        for scalar in stem.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if head.count + bytes.count > room { break }
            head += bytes
        }
        return head.isEmpty ? nil : head + tail
    }
}

extension UploadName {
    private typealias Scalars = String.UnicodeScalarView

    /// By scalars, not characters: a combining mark after a slash hides it from a comparison of characters.
    private static func lastComponent(_ name: Scalars) -> Scalars.SubSequence {
        name.split { $0 == "/" || $0 == "\\" }.last ?? name[name.endIndex...]
    }

    private static func cleaned(_ name: Scalars.SubSequence) -> Scalars {
        var cleaned = Scalars()
        for scalar in name {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: cleaned.append("_")
            default: cleaned.append(scalar)
            }
        }
        let end = cleaned.lastIndex { $0 != " " }.map(cleaned.index(after:)) ?? cleaned.startIndex
        return Scalars(cleaned[..<end])
    }

    private static func trimmed(
        _ stem: Scalars.SubSequence, _ unwanted: Set<Unicode.Scalar>
    ) -> Scalars.SubSequence {
        stem.drop { unwanted.contains($0) }
    }

    /// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with any ending too.
    private static func isDevice(_ stem: String) -> Bool {
        let name = stem.prefix { $0 != "." }.uppercased()
        if ["CON", "PRN", "AUX", "NUL"].contains(name) { return true }
        return name.count == 4 && (name.hasPrefix("COM") || name.hasPrefix("LPT"))
            && name.last?.isWholeNumber == true
    }
}
