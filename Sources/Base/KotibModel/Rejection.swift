/// The reason why a file is refused. Each case has a sentence for the person who put it there.
public enum Rejection: Error, Hashable, Sendable, Codable {
    /// Its extension is not an accepted one.
    case unsupportedExtension(accepted: [String])
    /// Its extension only looks like an accepted one: an invisible character follows it or replaces a letter.
    case lookalikeExtension(meant: String)
    /// Empty for longer than an upload leaves a file empty.
    case empty
    /// Its size and the limit, in bytes.
    case tooLarge(size: Int64, limit: Int64)
    /// Its duration and the limit, in seconds.
    case tooLong(duration: Double, limit: Double)
    /// The content is something else, such as `text/plain`.
    case notAudio(found: String)
    /// It is audio of a kind that Kotib does not read, whatever its extension says.
    case wrongKind(found: String)
    /// Its container is known, its codec is not (libav's name).
    case unsupportedCodec(codec: String)
    /// The file holds less than its container promises: an upload that was interrupted or is still running.
    case incomplete
    /// Its container is valid, but the content cannot be decoded.
    case damaged(detail: String)
    /// A symbolic link.
    case symbolicLink
    /// A symbolic link in the place of a user's folder.
    case linkedFolder
    /// A folder whose name has a recording's extension.
    case folder
    /// A pipe, socket or device.
    case special
    /// A file with several names (hard links), which might belong to somebody else.
    case hardLink
    /// The daemon may not read it.
    case unreadable
    /// It belongs to somebody else, and the folder's owner could not have read it.
    case foreign
    /// Directly in the inbox, in no user's folder.
    case noFolder
    /// In a folder that is no user's, where folders do not enrol by themselves.
    case notEnrolled
    /// A folder's invalid `kotib.ini`.
    case folderSettings(FolderSettingsProblem)
    /// The file's size, the size of the user's other recordings, and the user's limit, in bytes.
    case overQuotaBytes(size: Int64, used: Int64, limit: Int64)
    /// The number of the user's recordings, and the limit.
    case overQuotaFiles(used: Int64, limit: Int64)
    /// The recording's duration, the duration that was accepted today, and the limit, in seconds.
    case overQuotaMinutes(duration: Double, used: Double, limit: Double)

    /// A complete file without sound, such as a video that holds only pictures.
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

    /// Whether the user's quota is exceeded.
    public var exceedsQuota: Bool {
        switch self {
        case .overQuotaBytes, .overQuotaFiles, .overQuotaMinutes: true
        default: false
        }
    }

    /// Whether the recording alone is larger than the quota.
    public var exceedsQuotaAlone: Bool {
        switch self {
        case .overQuotaBytes(let size, _, let limit): size > limit
        case .overQuotaMinutes(let duration, _, let limit): duration > limit
        default: false
        }
    }
}
