import KotibModel
import KotibText
import Testing

struct SentenceTests {
    private static let answers: [Sentence] = [
        .unauthorized, .forbidden, .noSuchAddress, .wrongMethod, .tooLarge, .broken, .crowded,
        .internalError("1f"), .invalid("limit"), .tooManyCodes, .wrongCode, .notSent, .noSuchUser,
        .engineNotOffered(["local"]), .userTaken, .invalidName, .codeSent, .loggedOut, .noSession,
        .codeMessage,
        .noRecording, .notDeleted, .deleted, .deletionWaits, .noTranscript, .notYet, .noRevision,
        .editedMeanwhile, .textTooLong, .textRejected(.overQuotaBytes(size: 1, used: 2, limit: 3)),
        .textsPutBack,
        .textsLater, .noTexts, .notRetried, .noAudio, .searchTooLong, .archivedNotRetried, .archiveOutOfReach,
        .audioOutOfReach, .notAFile,
        .noForm, .brokenForm, .emptyName, .disturbed, .foreignFolder, .noSpace, .notInspected,
        .rejected(.overQuotaFiles(used: 1, limit: 1), about: ""), .rejected(.empty, about: "a.mp3"),
        .enginePaused("HTTP 401"), .codesNotSent("HTTP 401"), .hookProgramFails("status 1"),
        .webhookFails("HTTP 500"),
    ]

    @Test(arguments: answers)
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

    private static func hasCyrillic(_ text: String) -> Bool {
        text.unicodeScalars.contains { (0x0400...0x04FF).contains($0.value) }
    }
}
