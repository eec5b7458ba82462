import Foundation
import KotibModel
import KotibTestSupport
import KotibText
import KotibTranscription
import Testing

@testable import KotibEngines
@testable import KotibHTTP

@Suite("OpenAI answers")
struct OpenAIResponseTests {
    private func answer(_ body: String, _ type: String, _ format: OpenAIFormat) -> OpenAIResponse? {
        answer(Array(body.utf8), type, format)
    }

    private func answer(_ body: [UInt8], _ type: String, _ format: OpenAIFormat) -> OpenAIResponse? {
        try? OpenAIResponse(
            HTTPResponse(status: 200, headers: [("content-type", type)], body: body, isDelimited: true),
            format: format)
    }

    @Test(arguments: [
        "", "{", "null", "[]", "\"text\"", #"{"error":"x"}"#, #"{"text":null}"#, #"{"text":1}"#,
        #"{"text":"a"}x"#,
        #"{"text":"a","segments":[{"start":0,"text":"a"}]}"#, #"{"text":"a","segments":{}}"#,
        #"{"text":"a","segments":[{"start":"0","end":1,"text":"a"}]}"#, #"{"text":"a","language":7}"#,
    ])
    func brokenJSONIsNoTranscript(body: String) {
        #expect(answer(body, "application/json", .verboseJSON) == nil)
        #expect(answer(#"{"text":"a"}"#, "application/json", .verboseJSON)?.text == "a")
    }

    private func answer(_ text: String, _ segments: String?) -> OpenAIResponse? {
        let list = segments.map { #","segments":[\#($0)]"# } ?? ""
        return answer(#"{"text":"\#(text)"\#(list)}"#, "application/json", .verboseJSON)
    }

    @Test func segmentsBecomeParagraphs() {
        let segments = """
            {"start":0,"end":1,"text":" One."},{"start":1,"end":2,"text":" Two."},{"start":4,"end":5,"text":" Three."}
            """
        #expect(answer("One. Two. Three.", segments)?.inParagraphs == "One. Two.\n\nThree.")
        #expect(answer("One.\\nTwo.\\nThree.", segments)?.inParagraphs == "One. Two.\n\nThree.")
        // Only the timestamps of the words are doubtful, so the server's text is kept.
        #expect(answer("One. Two. Three. Four.", segments)?.inParagraphs == "One. Two. Three. Four.")
        #expect(answer("", segments)?.inParagraphs == "One. Two.\n\nThree.")
        #expect(answer("One.", nil)?.inParagraphs == "One.")
    }

    @Test func anAnswerWithoutWordsIsTold() {
        #expect(answer("", nil)?.warnings == [RecordingWarning(.noSpeechHeard)])
        #expect(answer("", "")?.warnings == [RecordingWarning(.noSpeechHeard)])
        let blank = #"{"start":2,"end":5.5,"text":" "},{"start":7,"end":8,"text":""}"#
        #expect(answer("", blank)?.warnings == [RecordingWarning(.speechWithoutWords, seconds: 4.5)])
        #expect(answer("One.", nil)?.warnings == [])
    }

    @Test(arguments: ["text/html", "text/html; charset=utf-8", "application/octet-stream", "", "audio/mpeg"])
    func otherTypesAreNoTranscript(type: String) {
        for format in OpenAIFormat.allCases { #expect(answer(#"{"text":"a"}"#, type, format) == nil) }
    }

    @Test func bytesThatAreNotUTF8AreNoTranscript() {
        #expect(
            answer(Array(#"{"text":""#.utf8) + [0xFF] + Array(#""}"#.utf8), "application/json", .json) == nil)
        #expect(answer([0x61, 0xC0, 0x80], "text/plain", .text) == nil)
    }

    @Test func deepNestingIsRefusedQuietly() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(answer(#"{"text":"a","x":"# + deep, "application/json", .json) == nil)
    }

    @Test func markupIsNoPlainText() {
        #expect(answer("<html>busy</html>", "text/plain", .text) == nil)
        #expect(answer("\u{FEFF}{\"error\":1}", "text/plain", .text) == nil)
    }

    @Test func controlCharactersAreTakenOut() {
        let body = #"{"text":"\u001b[2Ja\u0000b\u0007\r\nc\td\u009bx\u202ey \u200c"}"#
        #expect(answer(body, "application/json", .json)?.text == "[2Jab\nc\tdxy \u{200C}")
        #expect(answer("a\u{7F}\u{1B}b", "text/plain", .text)?.text == "ab")
    }

    @Test func timesRiseWhateverTheServerRounds() {
        let body =
            #"{"text":"a","segments":[{"start":-0.02,"end":1,"text":"a"},{"start":2,"end":1.9,"text":"b"}]}"#
        #expect(
            answer(body, "application/json", .verboseJSON)?.segments == [
                TranscriptSegment(start: 0, end: 1, text: "a"),
                TranscriptSegment(start: 2, end: 2, text: "b"),
            ])
    }

    @Test(arguments: [
        ("english", "en"), ("Uzbek", "uz"), ("russian", "ru"), ("uz", "uz"), ("haitian creole", "ht"),
        ("javanese", "jv"), ("klingon", nil), ("", nil),
    ])
    func languagesBecomeCodes(name: String, code: String?) {
        #expect(OpenAILanguages.code(name) == code)
    }

    /// Wherever the answer breaks off, there is no transcript; whole, there is one. Of a chunked answer the
    /// last line feed may be missing: all the text, and the mark that it ends, are there before it.
    @Test(arguments: [
        (OpenAIFormat.json, Answer.whole(200, #"{"text":"one two"}"#)),
        (.json, Answer.unbounded(#"{"text":"one two"}"#, type: "application/json")),
        (.json, Answer.chunked(#"{"text":"one two"}"#, type: "application/json")),
        (.text, Answer.whole(200, "one two", type: "text/plain")),
        (.text, Answer.chunked("one two", type: "text/plain")),
    ])
    func anAnswerCutAtAnyByteIsNoTranscript(format: OpenAIFormat, answer: [UInt8]) async throws {
        let server = try FaultServer { request in
            let asked = request.path.split(separator: "/").first.flatMap { Int($0) } ?? 0
            return [.send(Array(answer.prefix(asked)))]
        }
        let transfers = try transfers()
        let isChunked = String(decoding: answer, as: UTF8.self).contains("chunked")
        for length in 0...answer.count {
            let settings = OpenAISettings(baseURL: "\(server.url)/\(length)", model: "gpt-4o-x")
            let error = await outcome(settings, transfers, format: format, try job())
            switch error {
            case nil:
                #expect(
                    length >= answer.count - (isChunked ? 1 : 0),
                    "a transcript from the first \(length) bytes")
            case .transient, .unavailable: #expect(length < answer.count)
            default: Issue.record("\(length) bytes gave \(String(describing: error))")
            }
        }
    }

    @Test func textOfUnknownLengthIsNoTranscript() async throws {
        let server = try FaultServer { _ in [.send(Answer.unbounded("one two", type: "text/plain"))] }
        let settings = OpenAISettings(baseURL: server.url, model: "x")
        guard case .transient = await outcome(settings, try transfers(), format: .text, try job()) else {
            Issue.record("text without a length was taken")
            return
        }
    }

    private func outcome(
        _ settings: OpenAISettings, _ transfers: HTTPClient, format: OpenAIFormat, _ job: TranscriptionJob
    ) async -> EngineError? {
        do {
            let engine = try OpenAIEngine(settings, transfers: transfers, format: format)
            return await engine.failure(job)
        } catch {
            return .permanent(message: Sentence { _ in error.description })
        }
    }

    @Test func anOversizedAnswerIsNoTranscript() async throws {
        let body = #"{"text":"\#(String(repeating: "x", count: 5000))"}"#
        let server = try FaultServer { _ in [.send(Answer.whole(200, body))] }
        guard case .transient = try await engine(server, { $0.answerLimit = 4999 }).failure(try job()) else {
            Issue.record("it was taken")
            return
        }
    }

    @Test func aWebPageInPlaceOfATranscriptPausesTheQueue() async throws {
        let page = "<!DOCTYPE html><html><body>Log in to the hotel's network</body></html>"
        let server = try FaultServer { _ in [.send(Answer.whole(200, page, type: "text/html"))] }
        guard case .unavailable(let message, _) = try await engine(server).failure(try job()) else {
            Issue.record("a web page was taken for a transcript or the recording's fault")
            return
        }
        #expect(message.english.contains("text/html") && message.english.contains("base URL"))
    }
}
