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
