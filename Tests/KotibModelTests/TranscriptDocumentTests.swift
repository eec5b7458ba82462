import FoundationEssentials
import Testing

@testable import KotibModel

struct TranscriptDocumentTests {
    private func document(
        _ segments: [TranscriptSegment], text: String? = nil, title: String = "talk.wav",
        duration: Double? = 9
    ) -> TranscriptDocument {
        TranscriptDocument(
            title: title, text: text ?? segments.map(\.text).joined(separator: " "), segments: segments,
            language: "uz", duration: duration)
    }

    private let talk = [
        TranscriptSegment(start: 0, end: 1.5, text: "Salom, dunyo."),
        TranscriptSegment(start: 3601.25, end: 3602.0004, text: "A --> <b> & c"),
    ]

    @Test func textEndsWithOneNewline() throws {
        #expect(try document([], text: "Salom").rendered(as: .txt) == "Salom\n")
        #expect(try document([], text: "Salom\n").rendered(as: .txt) == "Salom\n")
    }

    @Test func subRip() throws {
        #expect(
            try document(talk).rendered(as: .srt) == """
                1
                00:00:00,000 --> 00:00:01,500
                Salom, dunyo.

                2
                01:00:01,250 --> 01:00:02,000
                A -- > <b> & c


                """)
        #expect(try document([], text: "").rendered(as: .srt) == "\n")
    }

    @Test func webVTT() throws {
        #expect(
            try document(talk).rendered(as: .vtt) == """
                WEBVTT

                00:00:00.000 --> 00:00:01.500
                Salom, dunyo.

                01:00:01.250 --> 01:00:02.000
                A --&gt; &lt;b&gt; &amp; c


                """)
        #expect(try document([], text: "").rendered(as: .vtt) == "WEBVTT\n\n")
    }

    @Test func markdown() throws {
        let text = try document(talk, title: "my_talk*.wav").rendered(as: .md)
        #expect(
            text == """
                # my\\_talk\\*.wav

                **00:00:00** Salom, dunyo.

                **01:00:01** A --\\> \\<b\\> \\& c

                """)
    }

    @Test func markdownBeginsAParagraphAfterALongSentence() throws {
        let long = String(repeating: "so'z ", count: 130) + "tamom."
        let segments = [
            TranscriptSegment(start: 0, end: 60, text: long),
            TranscriptSegment(start: 60, end: 61, text: "Yana."),
        ]
        let text = try document(segments).rendered(as: .md)
        #expect(text.hasSuffix("tamom.\n\n**00:01:00** Yana.\n"))
    }

    /// The text begins a paragraph wherever `md` does.
    @Test func paragraphs() throws {
        let sentence = String(repeating: "so'z ", count: 61) + "tamom."
        let segments = [
            TranscriptSegment(start: 0, end: 20, text: sentence),
            TranscriptSegment(start: 21.5, end: 40, text: sentence),
            TranscriptSegment(start: 40, end: 41, text: "Bir,"),
            TranscriptSegment(start: 42.999, end: 44, text: "ikki."),
            TranscriptSegment(start: 46, end: 47, text: "Uch."),
        ]
        let text = Transcript.text(of: segments)
        #expect(text == "\(sentence) \(sentence)\n\nBir, ikki.\n\nUch.")
        let markdown = try document(segments, title: "x").rendered(as: .md)
        // Each paragraph begins with its time: `**00:00:00** `.
        let paragraphs = markdown.components(separatedBy: "\n\n").dropFirst().map { $0.dropFirst(13) }
        #expect(paragraphs.joined(separator: "\n\n") == text + "\n")
        #expect(Transcript.text(of: []) == "")
    }

    @Test(arguments: [
        ("tamom.”", true), ("(tamom!)", true), ("tamom. »", true), ("完了。", true), ("完了。」", true),
        ("tamom", false),
        ("tamom,", false), ("3.5", false),
    ])
    func aLongParagraphEndsWithASentence(_ end: String, _ isEnd: Bool) {
        let segments = [
            TranscriptSegment(start: 0, end: 60, text: String(repeating: "so'z ", count: 120) + end),
            TranscriptSegment(start: 60, end: 61, text: "Yana."),
        ]
        #expect(Transcript.text(of: segments).contains("\n\nYana.") == isEnd)
    }

    /// Whatever an engine's times are, no word is lost and the order stays.
    @Test func wrongTimesMakeNoParagraphEmpty() {
        let segments = [(5.0, 1.0), (.nan, 2), (-3, .infinity), (1e300, 0), (4, 5)].enumerated().map {
            TranscriptSegment(start: $1.0, end: $1.1, text: " w\($0)\n")
        }
        let paragraphs = Transcript.text(of: segments).components(separatedBy: "\n\n")
        #expect(paragraphs.allSatisfy { !$0.isEmpty })
        #expect(paragraphs.flatMap { $0.split(separator: " ") } == ["w0", "w1", "w2", "w3", "w4"])
    }

    private struct File: Decodable, Equatable {
        var title, text: String
        var segments: [TranscriptSegment]
        var language: String?
        var duration: Double?
    }

    private func json(_ document: TranscriptDocument) throws -> File {
        try JSONDecoder().decode(File.self, from: Data(document.rendered(as: .json).utf8))
    }

    @Test func jsonHoldsAll() throws {
        let document = document(talk)
        let file = File(title: "talk.wav", text: document.text, segments: talk, language: "uz", duration: 9)
        #expect(try json(document) == file)
    }

    @Test func wordsWithoutTimesSpanTheRecording() throws {
        let whole = document([], text: "bir\n\nikki", duration: 4)
        #expect(whole.cues == [Cue(start: 0, end: 4000, lines: ["bir", "ikki"])])
        #expect(try whole.rendered(as: .srt) == "1\n00:00:00,000 --> 00:00:04,000\nbir\nikki\n\n")
        #expect(document([], text: "bir", duration: nil).cues == [Cue(start: 0, end: 1, lines: ["bir"])])
    }
}

// MARK: Times that cannot be

extension TranscriptDocumentTests {
    @Test(arguments: 0..<200) func timesNeverFallWhateverTheEngineSays(seed: UInt64) throws {
        var samples = SpeechSamples(seed: seed)
        let document = document(samples.wildSegments(), text: "spoken", duration: samples.wildTime())
        let cues = document.cues
        #expect(cues.allSatisfy { $0.start >= 0 && $0.end > $0.start && !$0.lines.isEmpty })
        #expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start })
        let segments = try json(document).segments
        #expect(segments.allSatisfy { $0.start >= 0 && $0.end >= $0.start })
        #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.end <= $1.start })
        #expect(segments.map(\.text) == document.segments.map(\.text))
    }

    /// Read back as a player reads them.
    @Test(arguments: 0..<200, [TranscriptFormat.srt, .vtt])
    func subtitlesAreReadAsTheyWereMeant(seed: UInt64, format: TranscriptFormat) throws {
        var samples = SpeechSamples(seed: seed)
        let document = document(samples.wildSegments(), text: "spoken")
        let text = try document.rendered(as: format)
        let read = Self.cues(in: text, separator: format == .srt ? "," : ".")
        #expect(read == document.cues.map { [$0.start, $0.end, $0.lines.count] })
    }

    /// Start, end and number of lines of each block with a line of times.
    private static func cues(in text: String, separator: Character) -> [[Int]] {
        text.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let times = lines.firstIndex(where: { $0.contains(" --> ") }) else { return nil }
            let ends = lines[times].split(separator: " --> ").compactMap { milliseconds($0, separator) }
            return ends + [lines.count - times - 1]
        }
    }

    private static func milliseconds(_ text: Substring, _ separator: Character) -> Int? {
        let parts = text.split { $0 == ":" || $0 == separator }.compactMap { Int($0) }
        guard parts.count == 4, parts[1] < 60, parts[2] < 60, parts[3] < 1000 else { return nil }
        return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3]
    }
}
