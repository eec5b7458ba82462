import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibPrograms

@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(
        _ script: String, input: [UInt8] = [], environment: [(name: String, value: [UInt8])] = [],
        limit: Duration = .seconds(30), clock: any Clock<Duration> = ContinuousClock()
    ) async -> Program.Run {
        await Program("/bin/sh", ["-c", script, folder.path("out")], limit: limit, clock: clock)
            .run(environment, input: input)
    }

    @Test func itGetsAllOfItsInput() async {
        let input = Array(String(repeating: "0123456789abcde\n", count: 20_000).utf8)
        let run = await run(#"cat > "$0""#, input: input)
        #expect(run == Program.Run(end: .exited(0), errors: [], errorCount: 0))
        #expect(folder.read("out").map { Array($0.utf8) } == input)
    }

    @Test func inputThatNobodyReadsBreaksNothing() async {
        let input = [UInt8](repeating: 65, count: 2_000_000)
        #expect(await run("exec <&-; exit 3", input: input).end == .exited(3))
        #expect(await run("head -c 1 > /dev/null", input: input).end == .exited(0))
    }

    @Test func itsEnvironmentIsBytes() async {
        let run = await run(
            #"printf %s "$KOTIB_FILE" | od -An -tx1 > "$0""#,
            environment: [("KOTIB_FILE", [0x61, 0xFF, 0xFE, 0x0A, 0x00, 0x62])])
        #expect(run.end == .exited(0))
        #expect(folder.read("out") == " 61 ff fe 0a 62\n", "a NUL byte can be in no variable")
    }

    @Test func signalsAndMissingProgramsAreTold() async {
        #expect(await run("kill -9 $$").end == .signaled(SIGKILL))
        let missing = await Program(folder.path("none"), [], limit: .seconds(5)).run([], input: [])
        guard case .notStarted = missing.end else {
            Issue.record("\(missing)")
            return
        }
    }

    @Test func aPipeInItEndsAsInAShell() async {
        // The daemon ignores SIGPIPE; if the program inherited that, yes(1) would print an error.
        #expect(await run("yes | head -n 1 > /dev/null").errorCount == 0)
    }

    /// Its children too, those that ignore SIGTERM as well.
    @Test func timedOutProgramIsKilledWithItsChildren() async throws {
        let clock = ManualClock()
        let script = """
            (trap '' TERM; echo $$ > "$0.parent"; exec sleep 600) &
            echo $! > "$0.tmp"; mv "$0.tmp" "$0"; wait
            """
        async let run = run(script, clock: clock)
        try await waitUntil("it runs") { folder.read("out") != nil && !clock.deadlines.isEmpty }
        let child = try #require(folder.read("out")?.split(separator: "\n").first.flatMap { Int32($0) })
        clock.advance(by: .seconds(30))
        #expect(await run.end == .tookTooLong)
        try await waitUntil("the child is gone") { kill(child, 0) != 0 || isZombie(child) }
    }

    @Test func aCancelledOneIsEnded() async throws {
        let task = Task { await run(#"echo $$ > "$0"; exec sleep 600"#) }
        try await waitUntil("it runs") { folder.read("out")?.hasSuffix("\n") == true }
        task.cancel()
        #expect(await task.value.end == .stopped)
        let pid = try #require(folder.read("out")?.split(separator: "\n").first.flatMap { Int32($0) })
        #expect(kill(pid, 0) != 0)
    }

    private func isZombie(_ process: Int32) -> Bool {
        guard let status = folder.read("../../proc/\(process)/stat") else { return true }
        return status.contains(") Z ")
    }
}
