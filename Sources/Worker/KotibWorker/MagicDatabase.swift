import CMagic
import KotibModel

/// libmagic with its database loaded: recognizes the kind of a file by its first bytes.
final class MagicDatabase {
    private let cookie: magic_t

    /// Without looking into archives, executables or office documents: whatever is no audio is refused
    /// anyway.
    private static let flags =
        MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF

    /// Loads the system's database.
    /// - Throws: ``SetupFailure`` where there is none; installing libmagic-mgc helps.
    init() throws(SetupFailure) {
        guard let cookie = magic_open(Self.flags) else {
            throw SetupFailure(message: "libmagic does not start: out of memory")
        }
        self.cookie = cookie
        guard magic_load(cookie, nil) == 0 else {
            let cause = magic_error(cookie).map { String(cString: $0) } ?? "unknown cause"
            throw SetupFailure(message: "libmagic has no database: \(cause)")
        }
    }

    deinit {
        magic_close(cookie)
    }

    /// - Parameter expected: where the type is one of these, nothing more is asked, since each question costs
    ///   a third of a short file's inspection; the description is empty then.
    func kind(of head: [UInt8], expecting expected: Set<String> = []) -> ContentKind {
        let mediaType = ask(head, MAGIC_MIME_TYPE) ?? "application/octet-stream"
        if expected.contains(mediaType.lowercased()) { return ContentKind(mediaType: mediaType) }
        return ContentKind(mediaType: mediaType, description: ask(head, MAGIC_NONE) ?? "data")
    }

    private func ask(_ head: [UInt8], _ question: Int32) -> String? {
        magic_setflags(cookie, Self.flags | question)
        let answer = head.withUnsafeBytes { magic_buffer(cookie, $0.baseAddress, $0.count) }
        return answer.map { String(cString: $0) }
    }
}

/// The worker cannot start; the message is a sentence for the administrator. A retry does not help before the
/// installation is repaired.
struct SetupFailure: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}

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
