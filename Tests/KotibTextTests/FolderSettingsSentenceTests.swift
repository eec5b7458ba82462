import KotibModel
import KotibText
import Testing

struct FolderSettingsSentenceTests {
    @Test func everyProblemIsASentenceInEachLanguage() {
        let all: [FolderSettingsProblem] = [
            .notOrdinary, .unreadable, .tooLarge(limit: 4096), .notText, .wrongCase, .wrongName,
            .noAssignment(line: 3),
            .unknownKey(line: 3, key: "langauge", nearest: "language"),
            .unknownKey(line: 3, key: "x", nearest: nil), .repeatedKey(line: 3, key: "language"),
            .unknownLanguage(line: 3, value: "uzbek"),
        ]
        for problem in all {
            let sentences = Language.allCases.map {
                Rejection.folderSettings(problem).sentence(about: "kotib.ini", in: $0)
            }
            #expect(Set(sentences).count == Language.allCases.count)
            #expect(sentences.allSatisfy { $0.contains("kotib.ini") && $0.hasSuffix(".") })
        }
        let english = Rejection.folderSettings(all[7]).sentence(about: "kotib.ini", in: .english)
        #expect(english.contains("line 3 sets “langauge”") && english.contains("did you mean “language”?"))
    }
}
