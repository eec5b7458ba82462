import KotibModel
import KotibText
import Testing

struct RejectionSentenceTests {
    @Test func everyRejectionIsOneSentenceInEachLanguage() {
        let all: [Rejection] = [
            .unsupportedExtension(accepted: ["mp3"]), .empty, .tooLarge(size: 52_428_801, limit: 52_428_800),
            .tooLong(duration: 61, limit: 60), .notAudio(found: "text/plain"),
            .wrongKind(found: "audio/x-aiff"), .unsupportedCodec(codec: "adpcm_g726"),
            .lookalikeExtension(meant: "mp3"),
            .incomplete, .damaged(detail: "no frames"), .symbolicLink, .linkedFolder, .folder, .special,
            .hardLink, .foreign, .noSound,
            .unreadable, .noFolder, .notEnrolled, .overQuotaBytes(size: 5, used: 3, limit: 7),
            .overQuotaFiles(used: 7, limit: 7), .overQuotaMinutes(duration: 60, used: 60, limit: 90),
        ]
        for rejection in all {
            for language in Language.allCases {
                let sentence = rejection.sentence(about: "x.mp3", in: language)
                #expect(sentence.contains("x.mp3"))
                #expect(sentence.hasSuffix("."))
                #expect(!sentence.contains("\n"))
                #expect(!sentence.contains("  "))
            }
        }
        // The sentence for files without sound differs, but they count as damaged.
        #expect(Set(all.map(\.code)).count == all.count - 1)
        let damage = Rejection.damaged(detail: "it holds no sound").sentence(about: "x.mp4", in: .english)
        #expect(damage.contains("no sound in it") && !damage.contains("damaged"))
    }

    @Test(arguments: [
        (40, "0.7"), (59.9, "0.9"), (60, "1"), (2, "0.1"), (0, "0"), (33, "0.6"),
    ])
    func whatIsUsedOfTheMinutesIsTrue(seconds: Double, text: String) {
        let rejection = Rejection.overQuotaMinutes(duration: 59, used: seconds, limit: 60)
        let sentences = Language.allCases.map { rejection.sentence(about: "x.mp3", in: $0) }
        let parts = [
            Language.english: "\(text) of your 1 minutes a day are used",
            .uzbek: "ajratilgan 1 daqiqadan \(text) daqiqasi bugun",
            .russian: "из ваших 1 мин в день сегодня использовано \(text), а",
        ]
        for (language, sentence) in zip(Language.allCases, sentences) {
            #expect(sentence.contains(parts[language] ?? "?"), "\(sentence)")
        }
        let alone = Rejection.overQuotaMinutes(duration: 61, used: 0, limit: 60)
            .sentence(about: "x.mp3", in: .english)
        #expect(alone.contains("it lasts 1.1 minutes, which never fits into your quota of 1 minutes"))
    }

    @Test func aByteTooManyShowsInTheSentence() {
        let sentence = Rejection.tooLarge(size: 52_428_801, limit: 52_428_800)
            .sentence(about: "x.mp3", in: .english)
        #expect(sentence.contains("50.1 MB and 50 MB is the most"))
    }
}
