import Glibc
import KotibArchive

extension Configuration {
    public struct ArchiveSettings: Sendable {
        /// Days that a recording rests before its audio is archived. 0: it never is.
        public var afterDays = 0.0
        /// Absolute. Empty: none.
        public var folder = ""
    }

    /// Nil where none is set. What was archived is there also while nothing more is.
    var archiveFolder: ArchiveFolder? {
        archive.folder.isEmpty ? nil : ArchiveFolder(path: archive.folder)
    }

    /// Nil where nothing is to be archived.
    var archiveAge: Duration? {
        archive.afterDays > 0 ? .seconds(archive.afterDays * 86_400) : nil
    }

    func archiveFindings() -> [Finding] {
        let path = archive.folder
        guard !path.isEmpty else {
            guard archive.afterDays > 0 else { return [] }
            return [
                .error("archive.folder: name the folder that audio goes to after archive.after_days days.")
            ]
        }
        guard path.hasPrefix("/") else {
            return [.error("archive.folder: \"\(path)\" must be a whole path, from / on.")]
        }
        let folder = Self.place(path)
        for (name, other) in [("inbox", Self.place(inbox)), ("state folder", Self.place(state))] {
            if Self.lies(other, in: folder) {
                return [.error("archive.folder: the \(name) \(other) must not be inside \(path).")]
            }
            if name == "inbox", Self.lies(folder, in: other) {
                return [
                    .error(
                        "archive.folder: \(path) must not be inside the inbox \(other), or what is archived "
                            + "would be taken again.")
                ]
            }
        }
        guard access(path, R_OK | W_OK | X_OK) != 0 else { return [] }
        return [
            .warning(
                "archive.folder: \(path) is no folder that user \(geteuid()) may read and write; until it is, "
                    + "nothing is archived.")
        ]
    }

    private static func lies(_ path: String, in folder: String) -> Bool {
        path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
    }

    /// Where a path leads, through links, as far as it is there.
    private static func place(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        let parts = path.split(separator: "/")
        guard let last = parts.last else { return "/" }
        let parent = place("/" + parts.dropLast().joined(separator: "/"))
        return (parent == "/" ? "" : parent) + "/" + last
    }
}

/// What is archived, and where.
extension Settings {
    static let archive = [
        number("archive.after_days", ["KOTIB_ARCHIVE_AFTER_DAYS"], 0...36_500, \.archive.afterDays),
        text("archive.folder", ["KOTIB_ARCHIVE_FOLDER"], \.archive.folder),
    ]
}
