import ArgumentParser
import FoundationEssentials
import KotibControlClient
import KotibControlProtocol
import KotibText
import SystemPackage

enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    case txt, srt, vtt, json, md, docx, pdf

    /// Made from Markdown by pandoc; the other formats come from the daemon.
    var isMadeByPandoc: Bool { self == .docx || self == .pdf }
}

struct Export: ControlCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes transcripts to files.",
        discussion: """
            Without --output, text goes to standard output, and docx, pdf and several recordings become files in \
            the working folder, named after the recording and its id. docx and pdf need pandoc, and pdf one of \
            \(Pandoc.pdfEngines.joined(separator: ", ")) beside it. A file that is there is replaced when the \
            new one is whole, and keeps its permissions and owner; a link that --output names is followed, and \
            a device or a pipe is written to.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The recordings.", valueName: "id"))
    var ids: [Int64]

    @Option(help: "The format.")
    var format: ExportFormat

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file, an existing folder, or - for standard output.", valueName: "path"),
        completion: .file())
    var output: String?

    func validate() throws {
        guard !ids.isEmpty else { throw ValidationError("Name at least one recording.") }
        if options.json, format != .json, output == "-" || output == nil && !format.isMadeByPandoc {
            throw ValidationError(
                "A document of format \(format) is no JSON: add --output, or leave --json out.")
        }
        guard ids.count > 1, let output, !LocalFile.isFolder(output) else { return }
        throw ValidationError("Several recordings go to a folder: \(output) is none.")
    }

    func run(_ session: Session) async throws {
        let client = try await session.client()
        let pandoc = format.isMadeByPandoc ? try Pandoc(format, environment: session.environment) : nil
        try await session.each(ids) { id in
            let bytes = try await client.transcript(id, format: pandoc == nil ? format.rawValue : "md")
            let document = try await pandoc?.convert(bytes) ?? bytes
            guard let path = try await path(of: id, client) else {
                return try await session.output.write(document)
            }
            do {
                // A document in standard output is not followed by its name.
                guard try await LocalFile.replace(path, with: document, followsLinks: path == output)
                else { return }
            } catch let error as Errno {
                throw CommandError(.cannotWrite(path, error), .cannotCreate)
            }
            if session.json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = .withoutEscapingSlashes
                try await session.show(json: Array(encoder.encode(Exported(id: id, path: path))))
            } else {
                try await session.output.line(Terminal.safe(path))
            }
        }
    }

    private struct Exported: Encodable {
        var id: Int64
        var path: String
    }

    /// Nil for standard output.
    private func path(of id: Int64, _ client: ControlClient) async throws -> String? {
        if output == "-" || output == nil && ids.count == 1 && !format.isMadeByPandoc { return nil }
        let folder = output ?? "."
        guard LocalFile.isFolder(folder) else { return folder }
        let name = try await client.recording(id).body.originalFilename
        return FilePath(folder).appending(Self.fileName(of: name, id: id, format)).string
    }

    /// `interview-12.docx` for `interview.mp3`: the id tells recordings of one name apart.
    static func fileName(of recording: String, id: Int64, _ format: ExportFormat) -> String {
        let end = "\(id).\(format.rawValue)"
        var name = recording.split(separator: "/").last.map(String.init) ?? ""
        if let dot = name.lastIndex(of: "."), dot > name.startIndex { name.removeSubrange(dot...) }
        name = Terminal.safe(name)
        // NAME_MAX of Linux, less the hyphen.
        while name.utf8.count + end.utf8.count > 254 { name.removeLast() }
        return name.isEmpty ? end : name + "-" + end
    }
}

extension Sentence {
    static func cannotWrite(_ path: String, _ error: Errno) -> Sentence {
        Sentence(
            uzbek: "\(path) faylini yozib bo'lmadi: \(error)",
            english: "The file \(path) cannot be written: \(error)",
            russian: "Не удаётся записать файл \(path): \(error)")
    }
}
