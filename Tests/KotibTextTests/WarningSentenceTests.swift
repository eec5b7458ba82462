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

    @Test func theLargestNumberIsWritten() {
        let warning = RecordingWarning(.soundSetAside, seconds: RecordingWarning.longest)
        #expect(warning.sentence(in: .english).contains("3155760000"))
    }
}
