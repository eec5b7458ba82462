// KotibIntake: accept or refuse one arrival, with the reason.

import KotibModel
import KotibPOSIX

/// The rules for accepting a file by its name and status. The worker judges its content.
public struct IntakePolicy: Sendable {
    /// Lower case, without the dot.
    public let extensions: [String]
    /// Bytes.
    public let maximumSize: Int64
    /// Seconds.
    public let maximumDuration: Double

    /// - Parameter extensions: with or without a leading dot, any case.
    public init(extensions: [String], maximumSize: Int64, maximumDuration: Double) {
        self.extensions = extensions.map { $0.drop { $0 == "." }.lowercased() }
        self.maximumSize = maximumSize
        self.maximumDuration = maximumDuration
    }

    /// The accepted file name extensions.
    public var endings: Set<AudioFileExtension> { Set(extensions.compactMap { AudioFileExtension($0) }) }

    /// The verdict on a file by its name and status, before a byte is read.
    public func classify(_ path: InboxPath, _ status: FileStatus) -> Verdict {
        let ending = Self.fileExtension(of: path.name)
        let accepted = ending.map(extensions.contains) ?? false
        if status.kind == .folder {
            return accepted && path.depth > 1 ? .refused(.folder) : .notARecording
        }
        if path.depth > 1, FolderSettings.isMeant(by: path.name) { return classifySettings(path, status) }
        if let ending, Self.textExtensions.contains(ending) { return .notARecording }
        if status.kind == .symbolicLink {
            // The link's target is not looked at: the name tells what is most likely meant.
            let looksLikeFolder = ending == nil || path.depth == 1
            return .refused(!accepted && looksLikeFolder ? .linkedFolder : .symbolicLink)
        }
        if path.depth == 1 { return accepted ? .refused(.noFolder) : .notARecording }
        guard status.kind == .regular else { return .refused(.special) }
        guard accepted, let ending else { return .refused(classifyExtension(path)) }
        if let rejection = classify(status) { return .refused(rejection) }
        return .inspect(fileExtension: ending)
    }

    private func classifyExtension(_ path: InboxPath) -> Rejection {
        if let meant = LookalikeName.ending(of: path.name, among: extensions) {
            return .lookalikeExtension(meant: meant)
        }
        return .unsupportedExtension(accepted: extensions)
    }

    private func classifySettings(_ path: InboxPath, _ status: FileStatus) -> Verdict {
        let problem = FolderSettings.problem(withName: path.name) ?? FolderSettings.problem(with: status)
        return problem.map { .refused(.folderSettings($0)) } ?? .folderSettings
    }

    private func classify(_ status: FileStatus) -> Rejection? {
        // With a second name it may be somebody else's file that was linked here to have it read (threat 16).
        if status.links > 1 { return .hardLink }
        if status.identity.size == 0 { return .empty }
        if status.identity.size > maximumSize {
            return .tooLarge(size: status.identity.size, limit: maximumSize)
        }
        // Root may read everything; a file that nobody else may is still being withheld by its owner.
        if status.permissions & 0o444 == 0 { return .unreadable }
        return nil
    }

    /// The file name extension, lower case. Nil without one, or if it is not ASCII.
    public static func fileExtension(of name: [UInt8]) -> String? {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        let ending = name[(dot + 1)...]
        guard !ending.isEmpty, ending.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: ending, as: UTF8.self).lowercased()
    }

    /// Files that Kotib or people write beside recordings: never a recording, never refused.
    private static let textExtensions: Set<String> = ["txt", "srt", "vtt", "json", "md"]
}

/// The verdict on a name.
public enum Verdict: Hashable, Sendable {
    /// A folder or a text: ignored.
    case notARecording
    case refused(Rejection)
    /// A folder's settings file.
    case folderSettings
    /// Acceptable so far: the worker inspects the content.
    case inspect(fileExtension: String)
}
