import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibHooks

@Suite(.timeLimit(.minutes(1))) struct ProgramHookTests {
    private let folder: TemporaryFolder
    private let fixture: HooksFixture

    init() throws {
        folder = try TemporaryFolder()
        fixture = try HooksFixture()
    }

    private func outcome(
        _ script: String, _ event: HookEvent? = nil, clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> HookOutcome {
        let hook = ProgramHook(
            "/bin/sh", ["-c", script, folder.path("out")], inbox: "/srv/inbox", limit: .seconds(30),
            clock: clock, logger: fixture.logger)
        return await hook.deliver(try HookMessage(event ?? KotibHooksTests.event(), withText: true))
    }

    @Test func itGetsTheFacts() async throws {
        #expect(try await outcome(#"env | grep ^KOTIB_ | sort > "$0"; cat >> "$0""#) == .delivered)
        let lines = try #require(folder.read("out")).split(separator: "\n").map(String.init)
        #expect(
            lines.dropLast() == [
                "KOTIB_DURATION=12.5", "KOTIB_ENGINE=", "KOTIB_ERROR=", "KOTIB_ERROR_CODE=",
                "KOTIB_EVENT=completed", "KOTIB_EVENT_ID=0123456789abcdef0123456789abcdef",
                "KOTIB_FILE=ali/a.mp3", "KOTIB_INBOX=/srv/inbox", "KOTIB_LANGUAGE=uz", "KOTIB_MODEL=",
                "KOTIB_RECORDING=7", "KOTIB_SIZE=1000", "KOTIB_STATUS=completed",
                "KOTIB_TIME=\(Timestamp.text(noon))", "KOTIB_USER=ali",
            ])
        #expect(lines.last?.contains(#""transcript_text":"salom""#) == true)
        #expect(lines.last?.contains(#""type":"recording.completed""#) == true)
    }

    @Test func itSeesNothingElseOfTheDaemons() async throws {
        #expect(try await outcome(#"env | grep -v ^KOTIB_ > "$0""#) == .delivered)
        let names = folder.read("out")?.split(separator: "\n").compactMap { $0.split(separator: "=").first }
        #expect(Set(names ?? []).subtracting(["PATH", "LANG", "PWD", "_", "SHLVL", "OLDPWD"]) == [])
    }

    @Test func aNameIsItsBytes() async throws {
        let bytes = Array("ali/".utf8) + [0xFF, 0x0A] + Array(".mp3".utf8)
        let script = #"printf %s "$KOTIB_FILE" | od -An -tx1 > "$0"; cat >> "$0""#
        #expect(try await outcome(script, event(path: bytes)) == .delivered)
        let text = try #require(folder.read("out"))
        #expect(text.hasPrefix(" 61 6c 69 2f ff 0a 2e 6d 70 33\n"))
        #expect(text.contains(#""file_path":"ali/\\xff\\x0a.mp3""#))
    }

    @Test func itsStatusSaysWhatBecameOfTheEvent() async throws {
        #expect(try await outcome("exit 0") == .delivered)
        #expect(
            try await outcome("exit 75")
                == .later("/bin/sh asks to be tried again (exit status 75)", retryAfter: nil))
        #expect(try await outcome("exit 1") == .failed("/bin/sh ended with status 1"))
        #expect(try await outcome("kill -9 $$") == .failed("/bin/sh was ended by signal 9"))
    }

    @Test func outputIsBounded() async throws {
        let script = "head -c 5000000 /dev/zero; yes broken | head -c 5000000 >&2; exit 1"
        #expect(try await outcome(script) == .failed("/bin/sh ended with status 1"))
        let line = try #require(fixture.log.all.first)
        #expect(fixture.log.all.count == 1 && line.contains("bytes=5000000") && line.utf8.count < 10_000)
    }

    @Test func oneThatHangsIsEnded() async throws {
        let clock = ManualClock()
        async let outcome = outcome("exec sleep 600", clock: clock)
        try await waitUntil("it runs") { !clock.deadlines.isEmpty }
        clock.advance(by: .seconds(30))
        guard case .failed(let cause) = try await outcome else {
            Issue.record("never to be run again")
            return
        }
        #expect(cause.contains("took longer"))
    }

    @Test func oneThatIsNotThereMayComeBack() async throws {
        let hook = ProgramHook(
            folder.path("none"), [], inbox: "/srv", limit: .seconds(5), logger: fixture.logger)
        guard case .later = await hook.deliver(try HookMessage(event(), withText: false)) else {
            Issue.record("an upgrade may be under way")
            return
        }
    }

    @Test func theWordsCanBeLeftOut() throws {
        let json = String(decoding: try HookMessage(event(), withText: false).json, as: UTF8.self)
        #expect(!json.contains("salom") && !json.contains("transcript_text"))
    }
}
