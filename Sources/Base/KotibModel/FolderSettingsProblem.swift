/// Why a folder's `kotib.ini` does not count. Each case is one sentence to the person who wrote it.
public enum FolderSettingsProblem: Error, Hashable, Sendable, Codable {
    /// A link, a pipe, or a file that has other names too.
    case notOrdinary
    /// Nobody, or not the daemon, may read it.
    case unreadable
    /// More bytes than these.
    case tooLarge(limit: Int)
    /// Not UTF-8.
    case notText
    /// Its name has capital letters.
    case wrongCase
    /// Its name goes on after `kotib.ini`, as where Windows hides the ending of a text.
    case wrongName
    /// A line that is neither empty, nor a comment, nor `key = value`. Lines count from 1.
    case noAssignment(line: Int)
    /// A key that there is not, and the nearest that there is.
    case unknownKey(line: Int, key: String, nearest: String?)
    case repeatedKey(line: Int, key: String)
    /// Neither an ISO 639-1 code nor `auto`.
    case unknownLanguage(line: Int, value: String)
}
