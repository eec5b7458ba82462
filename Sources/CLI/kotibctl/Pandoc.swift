import KotibPOSIX
import KotibText
import SystemPackage

/// Makes documents of Markdown.
struct Pandoc: Sendable {
    /// Those that know every script without being told of fonts first, then TeX.
    static let pdfEngines = ["weasyprint", "wkhtmltopdf", "typst", "xelatex", "lualatex"]

    private let program: ExternalProgram
    private let arguments: [String]
    private let environment: [String: String]

    init(_ format: ExportFormat, environment: [String: String]) throws(CommandError) {
        guard let program = ExternalProgram(named: "pandoc", environment: environment) else {
            throw CommandError(.install(program: "pandoc", package: "pandoc"))
        }
        self.program = program
        self.environment = environment
        // The daemon escapes whatever in a transcript could mean something; HTML would be none of its own.
        var arguments = ["--from", "commonmark-raw_html", "--to", format.rawValue, "--output", "-"]
        if format == .pdf {
            let engines = Self.pdfEngines.lazy.compactMap {
                ExternalProgram(named: $0, environment: environment)
            }
            guard let engine = engines.first else {
                throw CommandError(.install(program: "weasyprint", package: "weasyprint"))
            }
            arguments += ["--pdf-engine", engine.path.string]
        }
        self.arguments = arguments
    }

    func convert(_ markdown: [UInt8]) async throws -> [UInt8] {
        let input = try await write(markdown)
        defer { try? input.close() }
        let (document, complaint) = try await program.convert(input, arguments)
        guard let document else { throw CommandError(.pandocFailed(complaint)) }
        return document
    }

    private func write(_ bytes: [UInt8]) async throws -> FileDescriptor {
        do {
            let file = try await LocalFile.unnamed(environment: environment)
            try await BlockingWork.run {
                _ = try file.writeAll(bytes)
                _ = try file.seek(offset: 0, from: .start)
            }
            return file
        } catch let error as Errno {
            throw CommandError(.noTemporaryFile(error), .cannotCreate)
        }
    }
}

extension Sentence {
    static func install(program: String, package: String) -> Sentence {
        Sentence(
            uzbek: "Buning uchun \(program) kerak: apt install \(package)",
            english: "This needs \(program): apt install \(package)",
            russian: "Для этого нужна программа \(program): apt install \(package)")
    }

    static func pandocFailed(_ complaint: String) -> Sentence {
        Sentence(
            uzbek: "pandoc hujjatni tayyorlay olmadi: \(complaint)",
            english: "pandoc could not make the document: \(complaint)",
            russian: "pandoc не смог создать документ: \(complaint)")
    }
}
