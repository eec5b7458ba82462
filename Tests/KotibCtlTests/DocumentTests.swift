import Foundation
import KotibControlTestSupport
import KotibTestSupport
import Testing

/// Uses pandoc and the PDF engine that etc/setup/packages installs.
@Suite struct DocumentTests {
    private static let words =
        "Oʻzbekcha gʻalaba, qishloq. Ўзбекча: қишлоқ, ғалаба, ҳаёт. Русский: съёмка, жук."
    // The daemon escapes text that would be Markdown syntax.
    private static let markdown = """
        # Suhbat 1.mp3

        **00:00:01** \(words) 1 \\< 2 \\*3\\*


        """

    private func export(_ format: String, _ body: (String) async throws -> Void) async throws {
        try await ScriptedDaemon.run { asked in
            asked.what == "GET audio/1/transcript" && asked.query == ["format": "md"]
                ? .init(body: Self.markdown) : .record(1, "completed")
        } _: { daemon in
            try daemon.folder.makeFolder("out")
            let command = try await daemon.kotibctl(
                "export", "1", "--format", format, "-o", daemon.folder.path("out"))
            let path = daemon.folder.path("out/Suhbat 1-1.\(format)")
            #expect(command.end == .exited(0) && command.errors == "", "\(command.errors)")
            #expect(command.output == path + "\n")
            try await body(path)
        }
    }

    private func expectAll(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words == "Suhbat 1.mp3 00:00:01 \(Self.words) 1 < 2 *3*")
    }

    @Test func aWordDocumentHoldsTheWords() async throws {
        try await export("docx") { path in
            let read = ["--from", "docx", "--to", "plain", "--wrap", "none", path]
            try await expectAll(Command.succeed("pandoc", read))
            let list = try await Command.succeed("pandoc", ["--from", "docx", "--to", "native", path])
            #expect(list.contains("Header") && list.contains("Strong"))
        }
    }

    @Test func aPDFHoldsTheWordsOfEveryScriptWithItsFonts() async throws {
        try await export("pdf") { path in
            try await expectAll(Command.succeed("pdftotext", ["-nopgbrk", path, "-"]))
            let fonts = try await Command.succeed("pdffonts", [path]).split(separator: "\n").dropFirst(2)
            #expect(!fonts.isEmpty)
            // The column before the last three numbers but two: emb.
            #expect(fonts.allSatisfy { $0.split(separator: " ").suffix(5).first == "yes" }, "\(fonts)")
        }
    }
}
