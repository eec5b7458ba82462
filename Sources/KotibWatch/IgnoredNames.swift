/// Names that are no recordings and that nobody wants to hear about: what systems and clients put into every
/// folder, and what a transfer is called while it runs.
///
/// Gathered from Syncthing, Nextcloud, Synology, QNAP, Windows, macOS, browsers, WinSCP, rclone and rsync (whose
/// temporary name is hidden). ASCII letters match in either case, as these names come over Samba too.
public enum IgnoredNames {
    /// Whether a folder of this name is not entered. All hidden ones are not.
    public static func isIgnored(folder name: [UInt8]) -> Bool {
        isHidden(name) || folders.contains(lowercased(name))
    }

    /// Whether a file of this name is passed over. All hidden ones are, ``AtomicFile``'s temporaries among them.
    public static func isIgnored(file name: [UInt8]) -> Bool {
        if isHidden(name) || name.first == UInt8(ascii: "~") || name.last == UInt8(ascii: "~") { return true }
        let name = lowercased(name)
        return files.contains(name) || endings.contains { name.suffix($0.count).elementsEqual($0) }
    }

    private static let folders = table([
        "@eadir", "__macosx", "#recycle", "@recycle", "@recently-snapshot", "$recycle.bin",
        "system volume information", "lost+found",
    ])

    private static let files = table(["desktop.ini", "thumbs.db", "ehthumbs.db", "icon\r"])

    private static let endings = table([
        ".filepart", ".part", ".partial", ".crdownload", ".opdownload", ".download", ".tmp",
    ])

    private static func table(_ names: [String]) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }

    private static func isHidden(_ name: [UInt8]) -> Bool { name.first == UInt8(ascii: ".") }

    private static func lowercased(_ name: [UInt8]) -> [UInt8] {
        name.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
