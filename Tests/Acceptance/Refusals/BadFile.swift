import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

/// Things that people and their programs put where recordings belong.
enum BadFile: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case text, empty, oneByteTooMany, pictureAsRecording, picture, document, playlist, otherKind
    case symbolicLink, pipe, folder, unreadable, hardLink, truncatedWave, truncatedM4A

    var testDescription: String { rawValue }

    /// The extension of the name.
    var ending: String {
        switch self {
        case .text, .pictureAsRecording, .otherKind, .folder: "mp3"
        case .picture: "png"
        case .document: "pdf"
        case .truncatedM4A: "m4a"
        default: "wav"
        }
    }

    /// The reason in the log.
    var reason: String {
        switch self {
        case .text, .pictureAsRecording, .playlist: "not_audio"
        case .empty: "empty"
        case .oneByteTooMany: "too_large"
        case .picture, .document: "unsupported_extension"
        case .otherKind: "wrong_kind"
        case .symbolicLink: "symbolic_link"
        case .pipe: "special"
        case .folder: "folder"
        case .unreadable: "unreadable"
        case .hardLink: "hard_link"
        case .truncatedWave, .truncatedM4A: "incomplete"
        }
    }

    /// Whether a good recording can have such a name.
    var isNameOfARecording: Bool { reason != "unsupported_extension" }

    /// Puts such a file into the inbox.
    func put(into daemon: DaemonFixture, as name: String) async throws {
        let path = daemon.path(name)
        switch self {
        case .text: try daemon.write(Data("Minutes of Monday's meeting.\n".utf8), as: name)
        case .empty: try daemon.write(Data(), as: name)
        case .document: try daemon.write(Data("%PDF-1.7\n%%EOF\n".utf8), as: name)
        case .playlist: try daemon.write(Data("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".utf8), as: name)
        case .oneByteTooMany:
            try daemon.write(Data(), as: name)
            try SystemError.check("truncate", name) { truncate(path, 52_428_800 + 1) }
        case .picture, .pictureAsRecording:
            let picture = daemon.scratch + "/picture.png"
            try await SampleAudio.picture(to: picture)
            try daemon.drop(picture, as: name)
        case .otherKind: try await daemon.drop(recording(daemon, "aiff"), as: name)
        case .symbolicLink:
            let target = try await recording(daemon, "wav")
            try SystemError.check("symlink", name) { symlink(target, path) }
        case .pipe: try SystemError.check("mkfifo", name) { mkfifo(path, 0o644) }
        case .folder: try daemon.makeFolder(name)
        case .unreadable:
            // The file is never readable under its name, as after cp of an unreadable file.
            let good = try await recording(daemon, "wav")
            try SystemError.check("chmod", name) { chmod(good, 0) }
            try daemon.move(from: good, to: name)
        case .hardLink:
            let other = try await recording(daemon, "wav")
            try SystemError.check("link", name) { link(other, path) }
        case .truncatedWave, .truncatedM4A:
            let whole = try Data(contentsOf: URL(filePath: await recording(daemon, ending)))
            try daemon.write(whole.prefix(whole.count * 6 / 10), as: name)
        }
    }

    /// A good recording with this ending, new each time.
    func recording(_ daemon: DaemonFixture, _ ending: String) async throws -> String {
        let spoken = "\(daemon.scratch)/\(UUID().uuidString).wav"
        try await SampleAudio.speak(to: spoken)
        guard ending != "wav" else { return spoken }
        let converted = "\(daemon.scratch)/\(UUID().uuidString).\(ending)"
        try await SampleAudio.convert(spoken, to: converted)
        return converted
    }
}
