/// Why a file is not taken. Each case is one sentence to the person who put it there.
public enum Rejection: Error, Hashable, Sendable, Codable {
    /// The name's ending is none of the accepted ones.
    case unsupportedExtension(accepted: [String])
    /// Its ending only looks like an accepted one: something that cannot be seen follows or stands for a
    /// letter.
    case lookalikeExtension(meant: String)
    /// No bytes, for longer than an upload leaves a file empty.
    case empty
    /// Bytes that it has, bytes that it may have.
    case tooLarge(size: Int64, limit: Int64)
    /// Seconds that it lasts, seconds that it may last.
    case tooLong(duration: Double, limit: Double)
    /// The content is something else, such as `text/plain`.
    case notAudio(found: String)
    /// It is audio, but of a kind that Kotib does not read, whatever its ending says.
    case wrongKind(found: String)
    /// Its container is known, but not what its sound is coded with (libav's name).
    case unsupportedCodec(codec: String)
    /// The container promises more than the file holds: an upload that broke off or goes on.
    case incomplete
    /// The container is right, but what is in it cannot be decoded.
    case damaged(detail: String)
    /// A symbolic link.
    case symbolicLink
    /// A symbolic link in the place of a user's folder.
    case linkedFolder
    /// A folder whose name ends like a recording's.
    case folder
    /// A pipe, socket or device.
    case special
    /// A file that has other names too (hard links) and might be somebody else's.
    case hardLink
    /// Nobody, or not the daemon, may read it.
    case unreadable
    /// Somebody else's, and whoever has the folder could not have read it.
    case foreign
    /// Directly in the inbox, in no user's folder.
    case noFolder
    /// In a folder that is no user's yet, where folders do not enrol by themselves.
    case notEnrolled
    /// A folder's `kotib.ini` that does not count.
    case folderSettings(FolderSettingsProblem)
    /// Bytes that it has, bytes of the user's other recordings, bytes that they may have in all.
    case overQuotaBytes(size: Int64, used: Int64, limit: Int64)
    /// Recordings that the user has, and may have.
    case overQuotaFiles(used: Int64, limit: Int64)
    /// Seconds that it lasts, seconds that were taken in today, seconds that may be.
    case overQuotaMinutes(duration: Double, used: Double, limit: Double)

    /// Whole, as far as it can be told, but without any sound: a video of pictures alone.
    public static let noSound = Rejection.damaged(detail: "it holds no sound")

    /// Stands in the catalog and in logs.
    public var code: String {
        switch self {
        case .unsupportedExtension: "unsupported_extension"
        case .lookalikeExtension: "lookalike_extension"
        case .empty: "empty"
        case .tooLarge: "too_large"
        case .tooLong: "too_long"
        case .notAudio: "not_audio"
        case .wrongKind: "wrong_kind"
        case .unsupportedCodec: "unsupported_codec"
        case .incomplete: "incomplete"
        case .damaged: "damaged"
        case .symbolicLink: "symbolic_link"
        case .linkedFolder: "linked_folder"
        case .folder: "folder"
        case .special: "special"
        case .hardLink: "hard_link"
        case .unreadable: "unreadable"
        case .foreign: "foreign"
        case .noFolder: "no_folder"
        case .notEnrolled: "not_enrolled"
        case .folderSettings: "folder_settings"
        case .overQuotaBytes: "over_quota_bytes"
        case .overQuotaFiles: "over_quota_files"
        case .overQuotaMinutes: "over_quota_minutes"
        }
    }

    /// Whether it is the user's quota that has no room.
    public var isOverQuota: Bool {
        switch self {
        case .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes: true
        default: false
        }
    }

    /// Whether it is too much for the quota even where nothing else is there.
    public var neverFits: Bool {
        switch self {
        case .overQuotaBytes(let size, _, let limit): size > limit
        case .overQuotaMinutes(let duration, _, let limit): duration > limit
        default: false
        }
    }
}
