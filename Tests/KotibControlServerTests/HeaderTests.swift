import HTTPTypes
import KotibModel
import Testing

@testable import KotibControlServer

@Suite struct HeaderTests {
    @Test(
        arguments: [
            (nil, .whole), ("bytes=0-0", .part(0..<1)), ("bytes=2-", .part(2..<10)),
            ("bytes=-3", .part(7..<10)),
            ("bytes=-30", .part(0..<10)), ("Bytes=5-99999999999999999999", .part(5..<10)),
            ("bytes=9-9", .part(9..<10)), ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=3-2", .whole), ("bytes=-", .whole),
            ("bytes=0-1,3-4", .whole), ("bytes=+1-2", .whole), ("items=0-1", .whole), ("bytes", .whole),
            ("bytes=--1", .whole),
        ] as [(String?, ByteRange)])
    func rangeIsReadAsTheStandardSays(_ field: String?, _ expected: ByteRange) {
        #expect(ByteRange(field, size: 10) == expected)
    }

    @Test(
        arguments: [
            ("audio/mpeg", "audio/mpeg"), ("video/mp4", "video/mp4"),
            ("text/html", "application/octet-stream"),
            ("image/svg+xml", "application/octet-stream"), (nil, "application/octet-stream"),
        ] as [(String?, String)])
    func onlySoundIsToldAsWhatItIs(_ inspected: String?, _ told: String) {
        #expect(AudioFileRoute.mediaType(inspected) == told)
    }

    @Test func nothingOfAnEmptyFileCanBeAskedFor() {
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    }

    private func precondition(_ fields: String...) throws(ControlFailure) -> Precondition {
        var headers: HTTPFields = [:]
        headers[values: .ifMatch] = fields
        return try Precondition(headers)
    }

    @Test func tagsAreRevisions() throws {
        let (one, two) = (RevisionID(rawValue: 1), RevisionID(rawValue: 2))
        #expect(try precondition() == .none)
        #expect(try precondition("*") == .none)
        #expect(try precondition("\"1\"") == .revisions([one]))
        #expect(try precondition("\"1\" , \"a,b\",", "\"2\"") == .revisions([one, two]))
        // A weak tag never matches; it must not turn into no condition at all.
        #expect(try precondition("W/\"1\"") == .revisions([]))
        #expect(try precondition("W/\"1\"").expected(at: one) == RevisionID(rawValue: 0))
        #expect(try precondition("\"1\",\"2\"").expected(at: two) == two)
        #expect(try precondition("\"1\"").expected(at: two) == one)
        #expect(try precondition("*").expected(at: two) == nil)
    }

    @Test(arguments: ["", "1", "\"1", "\"1\" \"2\"", "w/\"1\"", ",", "*, \"1\""])
    func unreadableConditionIsRefused(_ field: String) {
        #expect(throws: ControlFailure.self) { try precondition(field) }
    }

    @Test func namesGoIntoAHeaderWhateverTheyHold() {
        #expect(
            ContentDisposition.field("attachment", "a\"\r\nX: ў%.wav")
                == "attachment; filename=\"a___X: __.wav\"; filename*=UTF-8''a%22%0D%0AX%3A%20%D1%9E%25.wav")
    }
}
