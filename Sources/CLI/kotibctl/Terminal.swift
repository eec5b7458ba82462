import Glibc
import KotibPOSIX
import SystemPackage

/// The reader of the output has closed it: `kotibctl list | head -1`.
struct BrokenPipe: Error {}

/// The output: a terminal, or a file or pipe.
struct Terminal: Sendable {
    /// ECMA-48, 8.3.117.
    enum Style: String, Sendable {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    let file: FileDescriptor
    let isTerminal: Bool
    let hasColours: Bool

    init(_ file: FileDescriptor, environment: [String: String]) {
        let isTerminal = isatty(file.rawValue) == 1
        let term = environment["TERM"] ?? ""
        // no-color.org: any value but an empty one.
        let wanted = (environment["NO_COLOR"] ?? "").isEmpty && term != "dumb" && !term.isEmpty
        self.init(file, isTerminal: isTerminal, hasColours: isTerminal && wanted)
    }

    init(_ file: FileDescriptor, isTerminal: Bool, hasColours: Bool) {
        self.file = file
        self.isTerminal = isTerminal
        self.hasColours = hasColours
    }

    /// As it is now: windows change. Nil where lines need not fit anything.
    var columns: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(file.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    func styled(_ text: String, _ style: Style?) -> String {
        guard let style, hasColours, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    func write(_ bytes: [UInt8]) async throws {
        try await BlockingWork.run {
            do {
                try file.writeAll(bytes)
            } catch Errno.brokenPipe {
                throw BrokenPipe()
            }
        }
    }

    func line(_ text: String) async throws { try await write(Array((text + "\n").utf8)) }

    /// Escapes characters that could control a terminal or reorder text: file names and transcripts are
    /// untrusted.
    /// - Parameter lines: keeps line feeds and tabs.
    static func safe(_ text: String, lines: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if isHarmless(scalar) || lines && (scalar == "\n" || scalar == "\t") {
                result.unicodeScalars.append(scalar)
            } else {
                result += scalar.escapedForReading
            }
        }
        return result
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // C0, DEL and C1; line and paragraph separators; marks, embeddings and isolates of direction.
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}

extension Unicode.Scalar {
    fileprivate var escapedForReading: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{" + String(value, radix: 16, uppercase: true) + "}"
        }
    }
}
