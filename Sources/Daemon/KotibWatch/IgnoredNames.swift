import Glibc
import KotibPOSIX

/// Names that are ignored: the files that systems and clients put into every folder, and the names of
/// transfers while they run (``IgnoredNames/files``, ``IgnoredNames/folders``); and those that an
/// administrator adds or removes by patterns.
public struct IgnoredNames: Hashable, Sendable {
    /// The built-in ones and nothing else.
    static let standard = IgnoredNames()

    /// Added by the administrator.
    private var added: [NamePattern] = []
    /// Never ignored, whatever the other patterns say.
    private var excepted: [NamePattern] = []

    private init() {}

    /// The built-in names and those of `patterns` (``NamePattern``). A pattern that begins with `!` removes
    /// names from both; `\!` stands for a `!` of the name. A text that is no pattern has no effect
    /// (``isPattern(_:)``).
    public init(adding patterns: [String]) {
        for text in patterns {
            let (isException, pattern) = Self.parse(text)
            guard let pattern else { continue }
            if isException { excepted.append(pattern) } else { added.append(pattern) }
        }
    }

    /// Whether ``init(adding:)`` understands `text`.
    public static func isPattern(_ text: String) -> Bool { parse(text).pattern != nil }

    private static func parse(_ text: String) -> (isException: Bool, pattern: NamePattern?) {
        text.first == "!" ? (true, NamePattern(String(text.dropFirst()))) : (false, NamePattern(text))
    }

    /// Whether a folder of this name is not entered.
    func isIgnored(folder name: [UInt8]) -> Bool {
        isIgnored(name, Self.standardFolders) { _ in true }
    }

    /// Whether a file of this name is ignored. ``AtomicFile``'s temporaries always are.
    public func isIgnored(file name: [UInt8]) -> Bool {
        if name.starts(with: AtomicFile.prefix) { return true }
        return isIgnored(name, Self.standardFiles) { !$0.isForFolders }
    }

    private func isIgnored(
        _ name: [UInt8], _ standard: Table, _ applies: (NamePattern) -> Bool
    ) -> Bool {
        let terminated = NamePattern.terminated(name)
        guard
            standard.holds(name, terminated)
                || added.contains(where: { applies($0) && $0.matches(terminated: terminated) })
        else { return false }
        return !excepted.contains { applies($0) && $0.matches(terminated: terminated) }
    }

    /// With A to Z as a to z, and every other byte unchanged.
    private static func lowercased(_ name: [UInt8]) -> [UInt8] {
        name.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The built-in patterns. Those without a wildcard are found by hash.
    private struct Table {
        var names: Set<[UInt8]> = []
        var patterns: [NamePattern] = []

        init(_ texts: [String]) {
            for text in texts {
                if text.contains(where: { "*?[\\".contains($0) }) {
                    if let pattern = NamePattern(text) { patterns.append(pattern) }
                } else {
                    names.insert(IgnoredNames.lowercased(Array(text.utf8)))
                }
            }
        }

        func holds(_ name: [UInt8], _ terminated: [CChar]) -> Bool {
            name.first == UInt8(ascii: ".") || names.contains(IgnoredNames.lowercased(name))
                || patterns.contains { $0.matches(terminated: terminated) }
        }
    }

    private static let standardFiles = Table(files)
    private static let standardFolders = Table(folders)
}

extension IgnoredNames {
    /// Files that are ignored, beside all hidden ones: those are AppleDouble files (`._*`), `.DS_Store`, the
    /// temporaries of rsync (`.NAME.XXXXXX`), Syncthing (`.syncthing.*.tmp`), Nextcloud (`.NAME.~XXXX`), GVFS
    /// (`.goutputstream-*`), lftp (`.in.*`), Samba (`.smbdelete*`, `.::TMPNAME:*`) and NFS (`.nfs*`), locks
    /// of LibreOffice (`.~lock.*#`), swap files of vim and much more.
    ///
    /// Only what clients really make: `talk.part.mp3` and `~talk.mp3` are recordings. Names gathered from the
    /// clients' sources and documents, and from the ignore lists of Syncthing and Nextcloud.
    static let files = [
        // Transfers: WinSCP; KDE, Firefox, Nextcloud's server (NAME.ocTransferId123.part), yt-dlp; rclone
        // (NAME.XXXXXXXX.partial) and old Edge; Chrome; Opera; Safari; Free Download Manager.
        "*.filepart", "*.part", "*.partial", "*.crdownload", "*.opdownload", "*.download", "*.fdmdownload",
        // The state of an unfinished download, or the download itself: aria2, yt-dlp, qBittorrent, µTorrent,
        // Resilio.
        "*.aria2", "*.ytdl", "*.!qb", "*.!ut", "*.!sync",
        // Syncthing on Windows (~syncthing~NAME.tmp), Word (~WRD0001.tmp), LibreOffice (lu12ab.tmp), and
        // many.
        "*.tmp",
        // Locks of Microsoft Office; copies that editors keep of a text (NAME~, #NAME#); macOS saving a text
        // safely.
        "~$*", "*~", "#*#", "*.sb-????????-??????",
        // Windows, macOS and Synology about a folder. The origin of a download on Windows, and the attributes
        // of a file on macOS, where a copy has turned the stream of that name into a file.
        "desktop.ini", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "icon\r", "@synoresource",
        "*:zone.identifier", "*:afp_afpinfo", "*:afp_resource",
    ]

    /// Folders that are not entered, beside all hidden ones (`.Trash-1000`, `.Spotlight-V100`,
    /// `.TemporaryItems`, `.stfolder`, `.stversions`, `.dropbox.cache`, `.rsync-partial`, `.git`, and so on).
    static let folders = [
        // Synology; QNAP; Samba's recycle bin as both set it up.
        "@eadir", "@tmp", "@sharebin", "#snapshot", "@recycle", "@recently-snapshot", "#recycle",
        // Windows; its disk check; macOS's archives, and folders of Macs before 10.5; ext4's disk check.
        "$recycle.bin", "recycler", "system volume information", "found.[0-9][0-9][0-9]",
        "__macosx", "network trash folder", "temporary items", "thevolumesettingsfolder", "lost+found",
        // A download of Safari's that is not finished is a folder with the recording in it; macOS saving a
        // document.
        "*.download", "*.sb-????????-??????",
    ]
}

/// A pattern for one file or folder name, matched by fnmatch(3): `*` for any bytes, `?` for one byte, `[a-z]`
/// and `[!a-z]` for one byte in a set or outside it, `\` before a character that stands for itself.
///
/// Names are matched byte by byte, whatever they encode, and only ASCII letters match in either case, because
/// the daemon stays in the C locale (it never calls setlocale(3)). A leading dot is not special.
struct NamePattern: Hashable, Sendable {
    /// FNM_CASEFOLD of glibc's <fnmatch.h>, which is declared for _GNU_SOURCE only and so not visible to
    /// Swift.
    private static let caseFold: Int32 = 1 << 4

    /// With a NUL at the end, as C has strings.
    private let pattern: [CChar]
    /// Whether it ends in `/`: such a pattern is for folders only.
    let isForFolders: Bool

    /// Nil for a pattern that is empty, incomplete (an open `[`, a lone `\`), has a range that runs
    /// backwards, or has a NUL or a `/` before its end, which no name has.
    init?(_ text: String) {
        var bytes = Array(text.utf8)
        isForFolders = bytes.last == UInt8(ascii: "/")
        if isForFolders { bytes.removeLast() }
        guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")), Self.isComplete(bytes)
        else { return nil }
        pattern = Self.terminated(bytes)
    }

    func matches(_ name: [UInt8]) -> Bool { matches(terminated: Self.terminated(name)) }

    /// - Parameter name: as ``terminated(_:)`` returns it.
    func matches(terminated name: [CChar]) -> Bool { fnmatch(pattern, name, Self.caseFold) == 0 }

    static func terminated(_ name: [UInt8]) -> [CChar] {
        [CChar](unsafeUninitializedCapacity: name.count + 1) { buffer, count in
            for (index, byte) in name.enumerated() {
                buffer.initializeElement(at: index, to: CChar(bitPattern: byte))
            }
            buffer.initializeElement(at: name.count, to: 0)
            count = name.count + 1
        }
    }

    /// fnmatch(3) accepts every pattern: an open `[` stands for itself, and a lone `\` matches nothing. In a
    /// configuration these are mistakes.
    private static func isComplete(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
            if byte == UInt8(ascii: "["), !skipSet(&rest) { return false }
        }
        return true
    }

    /// Skips a set behind its `[`, up to its `]`. A `]` that comes first is one of the set, as is a `-` at
    /// either end.
    /// - Returns: false where it does not end, or has a range that runs backwards.
    private static func skipSet(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            rest.removeFirst()
        }
        var isFirst = true
        while var byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst { return true }
            isFirst = false
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return false }
                byte = escaped
            }
            if rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last != UInt8(ascii: "]") {
                guard byte <= last else { return false }
                rest.removeFirst(2)
            }
        }
        return false
    }
}
