/// The format of a written transcript. The raw values are the extensions of sidecars and the values of
/// `format=`.
public enum TranscriptFormat: String, Sendable, Codable, CaseIterable {
    case txt, srt, vtt, json, md
}

/// A user's settings for their recordings.
public struct UserSettings: Hashable, Sendable {
    /// The formats written beside a recording; `txt` by default.
    public var sidecars: [TranscriptFormat]
    /// ISO 639-1; nil for the daemon's setting.
    public var language: String?
    /// Nil for the daemon's setting.
    public var engine: EngineName?

    public init(
        sidecars: [TranscriptFormat] = [.txt], language: String? = nil, engine: EngineName? = nil
    ) {
        self.sidecars = sidecars
        self.language = language
        self.engine = engine
    }
}

/// The reason why a folder's `kotib.ini` is ignored. Each case has a sentence for the person who wrote it.
public enum FolderSettingsProblem: Error, Hashable, Sendable, Codable {
    /// A link, a pipe, or a file with several names (hard links).
    case notOrdinary
    /// The daemon may not read it.
    case unreadable
    /// More bytes than these.
    case tooLarge(limit: Int)
    /// Not UTF-8.
    case notText
    /// Its name has capital letters.
    case wrongCase
    /// Its name continues after `kotib.ini`, as where Windows hides the extension of a text file.
    case wrongName
    /// A line that is neither empty, nor a comment, nor `key = value`. Lines count from 1.
    case noAssignment(line: Int)
    /// An unknown key, and the nearest known one.
    case unknownKey(line: Int, key: String, nearest: String?)
    case repeatedKey(line: Int, key: String)
    /// Neither an ISO 639-1 code nor `auto`.
    case unknownLanguage(line: Int, value: String)
}
