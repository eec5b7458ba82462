import KotibModel
import KotibText
import Testing

struct WarningSentenceTests {
    @Test func eachIsASentenceInEachLanguage() {
        for language in Language.allCases {
            var sentences: Set<String> = []
            for code in RecordingWarning.Code.allCases {
                let text = RecordingWarning(code, seconds: 12.34).sentence(in: language)
                #expect(text.hasSuffix("."))
                #expect(text.contains("12.3"))
                #expect(!RecordingWarning(code).sentence(in: language).contains("%@"))
                sentences.insert(text)
            }
            #expect(sentences.count == RecordingWarning.Code.allCases.count)
        }
    }

    @Test func aWrongEndingIsToldWithTheRightOne() throws {
        func ending(_ container: String, _ mediaType: String) throws -> ExtensionMismatch {
            let facts = AudioFacts(
                mediaType: mediaType, container: container, codec: "aac", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: [])
            return try #require(
                ExtensionMismatch(
                    facts, named: container == "mp3" ? "wav" : "mp3", accepted: AudioFileExtension.all))
        }
        #expect(
            try ending("aac", "audio/aac").sentence(in: .english)
                == "The file is a recording of the kind AAC (ADTS); the ending .aac would be right. "
                + "It was transcribed all the same.")
        for container in Set(AudioFileExtension.allCases.map(\.container)) {
            for language in Language.allCases {
                let ending = try ending(container, "audio/x-unheard")
                #expect(ending.sentence(in: language).contains(".\(ending.right.rawValue)"))
            }
        }
        let aac = try ending("aac", "")
        #expect(Set(Language.allCases.map(aac.sentence(in:))).count == Language.allCases.count)
    }

    @Test func theLargestNumberIsWritten() {
        let warning = RecordingWarning(.soundSetAside, seconds: RecordingWarning.longest)
        #expect(warning.sentence(in: .english).contains("3155760000"))
    }
}
