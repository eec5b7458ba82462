import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite struct MultipartParserTests {
    private struct Part: Hashable {
        var headers: MultipartHeaders
        var content: [UInt8] = []
    }

    /// Parses `body` in pieces of at most `size` bytes. Nil where it does not end.
    private func parts(_ body: [UInt8], in size: Int = .max) throws -> [Part]? {
        var parser = try #require(MultipartParser(boundary: "b"))
        var parts: [Part] = []
        var rest = body[...]
        while !rest.isEmpty {
            for event in try parser.consume(Array(rest.prefix(size))) {
                switch event {
                case .part(let headers): parts.append(Part(headers: headers))
                case .content(let bytes): parts[parts.count - 1].content += bytes
                case .endOfPart, .end: break
                }
            }
            rest = rest.dropFirst(size)
        }
        return parser.isEnded ? parts : nil
    }

    private func parts(_ body: String, in size: Int = .max) throws -> [Part]? {
        try parts(Array(body.utf8), in: size)
    }

    private func form(_ disposition: String, _ content: String = "x") -> String {
        "--b\r\nContent-Disposition: form-data; \(disposition)\r\n\r\n\(content)\r\n--b--\r\n"
    }

    private func header(_ disposition: String) throws -> MultipartHeaders? {
        try parts(form(disposition))?.first?.headers
    }

    @Test(arguments: 1...90) func piecesOfAnySizeGiveTheSame(_ size: Int) throws {
        let content = "\r\n--\r\n-- b\r\n--a--\r\r\n\n--b\r"
        let body =
            "preamble\r\n--b \t\r\nContent-Disposition: form-data; name=other\r\nX: y\r\n\r\n\r\n--b\r\n"
            + "Content-Type: audio/wav\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\""
            + "\r\n\r\n\(content)\r\n--b\r\n\r\nnameless\r\n--b--\r\nepilogue\r\n--b\r\n"
        let found = try #require(try parts(body, in: size))
        #expect(found.map(\.headers.name) == ["other", "file", ""])
        #expect(found.map(\.headers.fileName) == [nil, "a.wav", nil])
        #expect(found.map { String(decoding: $0.content, as: UTF8.self) } == ["", content, "nameless"])
    }

    @Test func namesAreReadAsClientsWriteThem() throws {
        #expect(try header(#"name="file"; filename="a \"b\" c.wav""#)?.fileName == #"a "b" c.wav"#)
        #expect(try header(#"name=file; filename=talk.wav"#)?.fileName == "talk.wav")
        #expect(try header(#"name=file; filename="C:\dir\talk.wav""#)?.fileName == #"C:\dir\talk.wav"#)
        #expect(try header(#"name=file; filename="a;b=c.wav""#)?.fileName == "a;b=c.wav")
        #expect(try header(#"name=file; filename="сўз.wav""#)?.fileName == "сўз.wav")
        let both = #"name=file; filename="_.wav"; filename*=utf-8''so%CA%BBz%20.wav"#
        #expect(try header(both)?.fileName == "soʻz .wav")
        #expect(try header(#"name=file; filename="a.wav"; filename*=utf-8''%zz.wav"#)?.fileName == "a.wav")
        #expect(try header(#"name=file; filename="a.wav"; filename="b.wav""#)?.fileName == "a.wav")
        #expect(try header(#"name="file"; filename="""#)?.fileName == "")
        // As browsers and curl write a quote and the ends of lines, and only these.
        let written = #"name="file"; filename="q%22uote%0D%0Aa%2F%25%2522%0a.wav""#
        #expect(try header(written)?.fileName == "q\"uote\r\na%2F%25%2522%0a.wav")
        let extended = #"name=file; filename="_.wav"; filename*=utf-8''%2522.wav"#
        #expect(try header(extended)?.fileName == "%22.wav")
    }

    @Test(arguments: ["", "--b", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b", "--b\r\n\r\nx\r\n--b-", "--c--"])
    func truncatedBodyDoesNotEnd(_ body: String) throws {
        #expect(try parts(body) == nil)
    }

    @Test func nonFormBodyIsRefused() throws {
        #expect(throws: MultipartParser.Failure.malformed) { try parts("--bc\r\n\r\nx\r\n--b--") }
        #expect(throws: MultipartParser.Failure.malformed) { try parts("--b\r\nno header\r\n\r\nx\r\n--b--") }
        let long = String(repeating: "a", count: 20_000)
        #expect(throws: MultipartParser.Failure.malformed) { try parts(long, in: 100) }
        #expect(throws: MultipartParser.Failure.headersTooLong) { try parts("--b\r\nA: \(long)", in: 100) }
        #expect(throws: MultipartParser.Failure.malformed) {
            try parts("--b" + String(repeating: " ", count: 2000), in: 100)
        }
        let many = String(repeating: "--b\r\n\r\nx\r\n", count: 65)
        #expect(throws: MultipartParser.Failure.tooManyParts) { try parts(many) }
        #expect(MultipartParser(boundary: "") == nil)
        #expect(MultipartParser(boundary: String(repeating: "b", count: 71)) == nil)
    }

    /// Damaged forms are refused or taken, the same whatever pieces they come in.
    @Test func anyDamageIsBorne() throws {
        var random = SeededGenerator(seed: 7)
        let whole = Array((form("name=file; filename*=utf-8''%41.wav", "so\r\n--z") + form("name=x")).utf8)
        for _ in 0..<2000 {
            var body = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &random)
                case 1: body.remove(at: place)
                default: body.insert(contentsOf: body[..<place].suffix(5), at: place)
                }
            }
            let one = Result { try parts(body) }
            let other = Result { try parts(body, in: Int.random(in: 1...9, using: &random)) }
            #expect((try? one.get()) == (try? other.get()))
        }
    }
}
