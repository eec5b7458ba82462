import KotibModel
import KotibText
import Logging
import Testing

@testable import KotibHealth

struct HealthReportTests {
    private static let issues: [HealthIssue] = [
        .rootMissing(reason: "ENOENT"), .rootReplaced, .eventsLost, .watchLimit, .instanceLimit, .unreadable,
        .tooDeep,
        .filesUnreachable, .linkedFolders, .deletionsPending, .namesTaken, .inboxFull, .inboxReadOnly,
        .unwritable,
        .catalogFull,
        .catalogUnwritable, .archiveMissing(reason: "ENOENT"), .archiveFull, .archiveReadOnly, .archiveStuck,
        .tooManyRejectedFiles, .catalogDamaged, .catalogReplaced, .catalogLogReplaced, .catalogBehind,
        .backupNotReplaced,
    ]

    @Test func everyIssueIsASentenceInEachLanguage() {
        var report = HealthReport(watch: WatchReport(watchedFolders: 1, polledFolders: 0))
        for issue in Self.issues { report.add(issue) }
        let told = Language.allCases.map { report.problems(in: $0) }
        #expect(told.allSatisfy { Set($0).count == Self.issues.count })
        #expect(Set(told.joined()).count == Language.allCases.count * Self.issues.count)
        for sentence in told.joined() {
            #expect(
                sentence.hasSuffix(".") && sentence.contains(" UTC") && !sentence.contains("  "),
                "\(sentence)")
        }
        #expect(told[2].allSatisfy { $0.unicodeScalars.contains { (0x0400...0x04FF).contains($0.value) } })
    }

    @Test func allThatIsWrongIsToldInTheLanguageThatIsAskedFor() {
        var report = HealthReport(watch: WatchReport(watchedFolders: 1, polledFolders: 0))
        #expect(report.problems(in: .uzbek).isEmpty && report.statusLine.isEmpty)
        report.enginePause = EnginePause(message: Sentence { _ in "HTTP 401" }, remaining: .seconds(1))
        report.messageProblem = "HTTP 402"
        report.hooks = [
            HookHealth(receiver: .program, pending: 0),
            HookHealth(receiver: .webhook, pending: 1, problem: "HTTP 403"),
        ]
        report.add(.archiveFull)
        let causes = ["HTTP 401", "HTTP 402", "", "HTTP 403"]
        for language in Language.allCases {
            let told = report.problems(in: language)
            #expect(
                zip(told, causes).allSatisfy { $1.isEmpty || $0.hasSuffix(": " + $1) }
                    && told.count == causes.count)
        }
        #expect(report.problems(in: .uzbek)[0] == "matnga aylantirish toʻxtab turibdi: HTTP 401")
        #expect(report.problems(in: .russian)[1] == "коды для входа не отправляются: HTTP 402")
        #expect(
            report.statusLine
                == "; engine paused: HTTP 401; no space is left in the archive: recordings stay in the inbox")
    }

    @Test func theBoardKnowsWhatStands() {
        let board = IssueBoard(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        board.report(.inboxFull)
        board.report(.watchLimit)
        let since = board.openIssues[.inboxFull]
        board.report(.inboxFull)
        #expect(board.openIssues[.inboxFull] == since && board.issues == [.inboxFull, .watchLimit])
        board.beginCheck()
        board.endCheck()
        // A round only checks issues that concern writing.
        #expect(board.issues == [.watchLimit])
        board.beginCatalogWait(.catalogFull, "disk full")
        board.beginCatalogWait(.catalogFull, "disk full")
        board.endCatalogWait()
        #expect(board.isOpen(.catalogFull))
        board.endCatalogWait()
        #expect(!board.isOpen(.catalogFull))
    }
}
