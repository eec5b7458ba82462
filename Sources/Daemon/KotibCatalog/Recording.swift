import FoundationEssentials
import KotibCrypto
import KotibModel

/// Whether a recording's audio lies in the inbox.
public enum AudioState: String, Sendable, Codable, CaseIterable {
    case present
    /// Removed or moved away by a person; the transcript is kept.
    case gone
    /// Another recording has taken its path.
    case replaced
}

/// The kinds of files that the daemon writes beside a recording.
public enum SidecarKind: String, Sendable, Codable, CaseIterable {
    /// The words as plain text: what a person may edit.
    case transcript
    /// The words in another form.
    case srt, vtt, json, md
    /// A note about why there are no words.
    case rejected, failed
    /// A note about why there are no words in the transcript, and what to do.
    case remark

    public init(_ format: TranscriptFormat) {
        self =
            switch format {
            case .txt: .transcript
            case .srt: .srt
            case .vtt: .vtt
            case .json: .json
            case .md: .md
            }
    }

    /// Whether it is removed when its reason no longer holds.
    public var isNote: Bool { self == .rejected || self == .failed || self == .remark }
}

/// A sidecar that must still be written or written anew.
public struct SidecarDue: Hashable, Sendable {
    public var kind: SidecarKind
    /// Rises each time that something becomes due: a writer of an older state has not completed this.
    var version: Int64
}

/// A row of `audio_records` without its text (``RecordingStore/transcript(of:)``).
public struct Recording: Hashable, Sendable, Identifiable {
    public var id: RecordingID
    /// Nil for a refused file that lies in no user's folder.
    public var user: UserID?
    public var path: InboxPath
    /// The file as it was when it was last looked at.
    public var identity: FileIdentity
    /// Nil for a refused file.
    public var facts: AudioFacts?
    public var state: RecordingState
    public var audio: AudioState
    /// False once another recording has taken the path.
    public var isCurrent: Bool
    /// Counted before each start; 1 during the first.
    public var attempts: Int
    /// How often the daemon ended during its transcription.
    public var interruptions: Int
    /// The reason of the failure or refusal, or the error of the last attempt.
    public var errorCode: String?
    public var errorMessage: String?
    public var created: Date
    public var updated: Date
    public var completed: Date?
    /// ISO 639-1, as the engine heard it.
    public var language: String?
    public var engine: String?
    public var model: String?
    /// Seconds that the engine took.
    var engineSeconds: Double?
    /// Seconds in which somebody spoke; 0 explains an empty transcript.
    var speechSeconds: Double?
    /// Warnings about the transcript. Those about the file are in ``facts``.
    var transcriptionWarnings: [RecordingWarning]
    public var sidecarDue: SidecarDue?

    /// Warnings about the file and its transcript.
    public var warnings: [RecordingWarning] { (facts?.warnings ?? []) + transcriptionWarnings }

    /// Nil if the name fits the content, or the content is not known.
    public func extensionMismatch(accepted: Set<AudioFileExtension>) -> ExtensionMismatch? {
        facts.flatMap { ExtensionMismatch($0, named: fileExtension, accepted: accepted) }
    }

    /// Whether it was accepted with this content, or with this sound and other tags.
    public func isSame(_ facts: AudioFacts, size: Int64) -> Bool {
        guard let own = self.facts, own.isSameRecording(as: facts) else { return false }
        return own.sha256 != facts.sha256 || identity.size == size
    }

    /// The file name's extension, lower case, without the dot. Empty if there is none.
    public var fileExtension: String {
        guard let dot = path.name.lastIndex(of: UInt8(ascii: ".")) else { return "" }
        return String(decoding: path.name[(dot + 1)...], as: UTF8.self).lowercased()
    }
}

/// The columns that the sweep for removed files compares with the folder.
public struct PresentRecording: Hashable, Sendable {
    public var id: RecordingID
    public var path: InboxPath
    public var identity: FileIdentity
}

/// A file that the daemon wrote into an inbox and therefore may replace or remove.
public struct Sidecar: Hashable, Sendable {
    public var recording: RecordingID
    public var kind: SidecarKind
    public var path: InboxPath
    public var device: UInt64
    public var inode: UInt64
    /// Bytes.
    var size: Int64
    /// Nanoseconds since 1970.
    var modified: Int64
    /// SHA-256 of the words in it, whatever their encoding and line ends. Nil for a note or another format,
    /// and for what was written before this was kept.
    public var words: [UInt8]?
    /// Somebody removed it, and not with its folder.
    public internal(set) var isRemoved = false

    /// ctime is not kept: rename(2) and chmod(2) change it, and neither is an edit.
    public init(
        recording: RecordingID, kind: SidecarKind, path: InboxPath, identity: FileIdentity,
        words: [UInt8]? = nil
    ) {
        self.recording = recording
        self.kind = kind
        self.path = path
        device = identity.device
        inode = identity.inode
        size = identity.size
        modified = identity.modified
        self.words = words
    }

    /// The value of ``words`` for a text. Line ends behind the last line do not count.
    public static func hash(ofWords text: String) -> [UInt8] {
        SHA256.hash(Array(normalized(text).utf8))
    }

    /// A text with LF between lines and no line ends behind the last. Works on scalars, because Swift takes
    /// CR LF for one character.
    public static func normalized(_ text: String) -> String {
        var lines = String.UnicodeScalarView()
        var wasReturn = false
        for scalar in text.unicodeScalars {
            if scalar == "\r" {
                lines.append("\n")
            } else if !(scalar == "\n" && wasReturn) {
                lines.append(scalar)
            }
            wasReturn = scalar == "\r"
        }
        while lines.last == "\n" { lines.removeLast() }
        return String(lines)
    }

    /// Whether the file at the path is still the one that was written: nobody has edited or replaced it. A
    /// device's number may be another after each start, or each mount.
    public func isUntouched(_ identity: FileIdentity) -> Bool {
        inode == identity.inode && size == identity.size && modified == identity.modified
    }
}
