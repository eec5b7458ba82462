import KotibModel
import Testing

@testable import KotibText

struct SentenceTests {
    private static let answers: [Sentence] = [
        .unauthorized, .forbidden, .noSuchAddress, .wrongMethod, .tooLarge, .broken, .overloaded,
        .internalError("1f"), .catalogUnavailable("1f"), .invalid("limit"), .tooManyLoginAttempts, .wrongCode,
        .notSent, .noSuchUser,
        .engineNotOffered(["local"]), .userTaken, .invalidName, .codeSent, .loggedOut, .noSession,
        .codeMessage,
        .noRecording, .notDeleted, .deleted, .deletionPending, .noTranscript, .transcriptPending, .noRevision,
        .editedMeanwhile, .textTooLong, .textRejected(.overQuotaBytes(size: 1, used: 2, limit: 3)),
        .textsRewritten,
        .textsPending, .noTexts, .notRetried, .noAudio, .searchTooLong, .archivedNotRetried,
        .archiveUnreachable,
        .audioUnreachable, .notAFile,
        .noForm, .brokenForm, .emptyName, .changedDuringUpload, .foreignFolder, .noSpace, .notInspected,
        .rejected(.overQuotaFiles(used: 1, limit: 1), about: ""), .rejected(.empty, about: "a.mp3"),
        .enginePaused(.keyRefused("host:1").with(status: 401, "")), .codesNotSent("HTTP 401"),
        .hookProgramFails("status 1"),
        .webhookFails("HTTP 500"),
    ]

    private static let failures: [Sentence] = [
        .notTranscribed("EIO"), .notReencoded("EIO"), .notOpened("EIO"), .notRead("EIO"),
        .noMemoryToReencode("ENOMEM"), .transcribingWorker("died"), .encodingWorker("died"),
        .transcriptTooLong(9),
        .settingsNotRead("SQLite 5"), .engineChanged, .staysHere, .engineStopped, .notStored, .cancelled,
        .superseded,
        .interrupted(11), .keyRefused("host:1"), .paymentRequired("host:1"), .quotaSpent("host:1"),
        .tooManyRequests("host:1"), .overloaded("host:1"), .settingsRefused("host:1"),
        .recordingRefused("host:1"),
        .notTranscribedNow("host:1"), .redirected("host:1"), .nothingThere("host:1"),
        .unexpectedAnswer("host:1"),
        .foreignAnswer("host:1", "text/html"), .brokenAnswer("host:1", "JSON"), .answerTooLarge("host:1", 1),
        .noRequest("host:1", "EIO"), .unreachable("host:1", "EIO"), .connectionFailed("host:1", "EIO"),
        .tooShortToSend(0.1), .tooLargeToSend(5, to: "host:1", 3),
        .tooLongAsOpus(40_000, to: "host:1", 3, fitting: 819),
        .tooLongAsFLAC(40_000, to: "host:1", 3, fitting: 7),
    ]

    @Test(arguments: answers + failures)
    func eachIsWrittenInItsLanguage(_ sentence: Sentence) {
        let all = Language.allCases.map(sentence.text)
        #expect(Set(all).count == Language.allCases.count)
        #expect(all.allSatisfy { !$0.isEmpty && !$0.contains("  ") })
        #expect(Self.hasCyrillic(sentence.russian))
        #expect(!Self.hasCyrillic(sentence.english) && !Self.hasCyrillic(sentence.uzbek))
    }

    @Test func aMessageHasRoomForItsCode() {
        #expect(
            Language.allCases.allSatisfy {
                Sentence.codeMessage.text(in: $0).contains(Sentence.codePlaceholder)
            })
    }

    @Test func timesAndSizesAreWrittenAsTheLanguageWritesThem() {
        let sentence = Sentence.tooLongAsOpus(40_000, to: "host:1", 25 << 20, fitting: 819)
        let told = Language.allCases.map(sentence.text).joined()
        for part in [
            "11 h 6 min", "11 soat 6 daqiqa", "11 ч 6 мин", "13 min 39 s", "13 daqiqa 39 soniya",
            "13 мин 39 с",
            "25 MiB", "25 МиБ",
        ] {
            #expect(told.contains(part), "\(part)")
        }
    }

    @Test func aServersAnswerFollowsTheSentence() {
        let refusal = Sentence.quotaSpent("host:1")
        #expect(refusal.with(status: 429, "").russian == "Квота на host:1 исчерпана (429).")
        #expect(refusal.with(status: 429, "Pay.").english == "The quota at host:1 is spent (429): Pay.")
    }

    private static func hasCyrillic(_ text: String) -> Bool {
        text.unicodeScalars.contains { (0x0400...0x04FF).contains($0.value) }
    }
}
