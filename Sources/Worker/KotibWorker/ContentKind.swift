import KotibModel

/// libmagic's description of the first bytes of a file.
struct ContentKind: Hashable, Sendable {
    var mediaType: String
    var description = ""

    /// Sound or moving pictures, though perhaps of a kind that is not read here.
    var isMedia: Bool { mediaType.hasPrefix("audio/") || mediaType.hasPrefix("video/") }

    /// Whether libmagic is so certain that apparent frames are chance, or part of something larger. Many of
    /// its other results rest on two bytes at the beginning.
    var isCertain: Bool {
        if isMedia || Self.certainFamilies.contains(where: mediaType.hasPrefix) { return true }
        return Self.certainTypes.contains(mediaType)
    }

    private static let certainFamilies = [
        "text/", "image/", "font/", "message/", "model/", "application/vnd.openxmlformats",
        "application/vnd.oasis.", "application/vnd.ms-",
    ]
    /// Documents, archives and programs by the names of file(1)'s magic/Magdir: pdf, archive, compress, elf,
    /// msdos, mach, java, sql, filesystems and others.
    private static let certainTypes: Set<String> = [
        "application/pdf", "application/postscript", "application/msword", "application/rtf",
        "application/CDFV2", "application/x-ole-storage", "application/epub+zip", "application/json",
        "application/xml", "application/javascript", "application/zip", "application/gzip",
        "application/x-gzip", "application/x-bzip2", "application/x-xz", "application/x-lzma",
        "application/zstd", "application/x-7z-compressed", "application/x-rar", "application/vnd.rar",
        "application/x-tar", "application/x-cpio", "application/x-archive", "application/java-archive",
        "application/vnd.debian.binary-package", "application/x-rpm", "application/x-executable",
        "application/x-pie-executable", "application/x-sharedlib", "application/x-object",
        "application/x-coredump", "application/x-dosexec", "application/vnd.microsoft.portable-executable",
        "application/x-mach-binary", "application/x-java-applet", "application/wasm",
        "application/x-sqlite3", "application/vnd.sqlite3", "application/x-iso9660-image",
        "application/x-shockwave-flash",
    ]
}
