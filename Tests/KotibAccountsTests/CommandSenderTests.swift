import FoundationEssentials
import KotibPrograms
import KotibTestSupport
import Logging
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(1))) struct CommandSenderTests {
    private let folder: TemporaryFolder
    private let phone: PhoneNumber
    private let logger: Logger
    private let log: LogRecorder

    init() throws {
        (logger, log) = recordingLogger()
        folder = try TemporaryFolder()
        phone = try #require(PhoneNumber(alice))
    }

    private func error(
        _ script: String, _ arguments: [String] = [], clock: any Clock<Duration> = ContinuousClock()
    ) async -> SMSError? {
        let sender = CommandSender(
            program: "/bin/sh", arguments: ["-c", script, folder.path("out")] + arguments, clock: clock,
            logger: logger)
        do throws(SMSError) {
            try await sender.send("Kod: 123456; $(id)", to: phone)
            return nil
        } catch {
            return error
        }
    }

    @Test func theProgramGetsNumberAndText() async {
        #expect(await error(#"{ echo "$1 $KOTIB_SMS_TO"; cat; } > "$0""#, ["to={phone}"]) == nil)
        #expect(folder.read("out") == "to=+998901234567 +998901234567\nKod: 123456; $(id)")
    }

    @Test func itSeesNothingOfTheDaemonsEnvironment() async {
        #expect(await error(#"env > "$0""#) == nil)
        let names = folder.read("out")?.split(separator: "\n").compactMap { $0.split(separator: "=").first }
        #expect(
            Set(names ?? []).subtracting(["PATH", "LANG", "KOTIB_SMS_TO", "PWD", "_", "SHLVL", "OLDPWD"])
                == [])
    }

    @Test func itsStatusSaysWhatBecameOfTheMessage() async {
        #expect(await error("exit 0") == nil)
        #expect(await error("exit 75") == .transient("/bin/sh asks to be tried again", retryAfter: nil))
        #expect(await error("exit 1") == .permanent("/bin/sh ended with status 1"))
        guard case .unknownOutcome = await error("kill -9 $$") else {
            Issue.record("a program that was killed may have sent")
            return
        }
    }

    @Test func muchOutputDoesNoHarm() async {
        #expect(await error("head -c 10000000 /dev/zero") == nil)
        #expect(log.all.isEmpty, "what a content program says is nobody's concern")
    }

    @Test func muchStandardErrorIsOneShortLine() async throws {
        #expect(await error("yes 'it is broken' | head -c 10000000 >&2; exit 1") != nil)
        let line = try #require(log.all.first)
        #expect(log.all.count == 1 && line.contains("it is broken") && line.contains("bytes=10000000"))
        #expect(line.utf8.count < 4 * Program.keptErrors && line.hasPrefix("warning "))
    }

    /// Style rule 14: a program that repeats what it was given to send.
    @Test func theLogKnowsNeitherCodeNorNumber() async throws {
        #expect(await error(#"echo "$KOTIB_SMS_TO 998901234567" >&2; cat >&2"#) == nil)
        let line = try #require(log.all.first)
        #expect(line.contains("…4567") && line.contains("Kod: …"), "\(line)")
        #expect(!line.contains("123456") && !line.contains("99890"), "\(line)")
    }

    /// A program that goes on in the background keeps nobody waiting.
    @Test func openStandardErrorOfOthersIsNotWaitedFor() async {
        #expect(await error("sleep 50 & echo begun >&2") == nil)
        #expect(log.all.first?.contains("begun") == true)
    }

    @Test func aProgramThatIsNotThereIsTheAdministratorsMatter() async {
        let sender = CommandSender(program: folder.path("none"), arguments: [], logger: logger)
        await #expect {
            try await sender.send("x", to: phone)
        } throws: { error in
            if case SMSError.refused = error { true } else { false }
        }
    }

    @Test func aProgramThatHangsIsKilled() async throws {
        let clock = ManualClock()
        async let outcome = error(#"echo $$ > "$0"; exec sleep 600"#, clock: clock)
        try await waitUntil("it runs") {
            folder.read("out")?.hasSuffix("\n") == true && !clock.deadlines.isEmpty
        }
        clock.advance(by: .seconds(30))
        guard case .unknownOutcome = await outcome else {
            Issue.record("what became of the message is unknown")
            return
        }
        let pid = try #require(folder.read("out")?.split(separator: "\n").first)
        #expect((try? folder.names(in: "../../proc/\(pid)")) == nil)
    }
}
