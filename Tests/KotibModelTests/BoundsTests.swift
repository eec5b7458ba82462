import Testing

@testable import KotibModel

struct BoundsTests {
    @Test func noNumberTraps() {
        #expect(Int64(nearest: 1e300) == .max && Int64(nearest: -1e300) == .min)
        #expect(Int64(nearest: .infinity) == .max && Int64(nearest: -.infinity) == .min)
        #expect(Int64(nearest: .nan) == 0 && Int64(nearest: 2.5) == 3 && Int64(nearest: -7) == -7)
        #expect(
            Int64(nearest: 0x1p63) == .max && Int64(nearest: 0x1p63.nextDown) == 9_223_372_036_854_774_784)
        #expect(Duration.seconds(bounding: 1e300) == .seconds(315_576_000))
        #expect(Duration.seconds(bounding: -.infinity) == .seconds(-315_576_000))
        #expect(Duration.seconds(bounding: .nan) == .zero && Duration.seconds(bounding: 1.5) == .seconds(1.5))
        #expect(Int64.max.plus(1) == .max && Int64.min.plus(-1) == .min && Int64(2).plus(-3) == -1)
        #expect(Int64.max.minus(-1) == .max && Int64.min.minus(1) == .min && Int64(2).minus(3) == -1)
    }

    @Test(
        arguments: ["audio/mpeg", "audio/x-wav", "application/vnd.ms-asf", "a/b", "x/1+2.3_4^5-6!#$&"])
    func aMediaType(text: String) {
        #expect(BoundedText.isMediaType(text))
    }

    @Test(
        arguments: [
            "", "audio", "/", "audio/", "/mpeg", "a/b/c", "text/html\r\nX-Injected: 1", "audio/mpeg; a=b",
            "audio /mpeg", "audio/\u{e9}", ".a/b", "a/-b", "a/" + String(repeating: "b", count: 128),
        ])
    func noMediaType(text: String) {
        #expect(!BoundedText.isMediaType(text))
    }

    @Test func aLineSteersNoTerminal() {
        #expect(BoundedText.isLine("Ўзбекча, 日本, é 🎤", upTo: 100))
        for text in ["a\nb", "\u{1B}[2J", "\u{202E}abc", "\u{2028}", "\u{85}"] {
            #expect(!BoundedText.isLine(text, upTo: 100))
        }
        #expect(BoundedText.isLine("éé", upTo: 4) && !BoundedText.isLine("ééé", upTo: 4))
    }

    @Test func valuesOfAnEarlierVersionAreRepaired() {
        let facts = AudioFacts(
            mediaType: "text/html\r\nX-Injected: 1", container: "wav", codec: "pcm_s16le", duration: 1e300,
            channels: 1, sampleRate: 16_000, sha256: [UInt8](repeating: 1, count: 32))
        #expect(facts.fault == "mediaType")
        #expect(facts.repaired.mediaType == "application/octet-stream")
        #expect(facts.repaired.duration == AudioFacts.longestDuration && facts.repaired.fault == nil)
    }
}
