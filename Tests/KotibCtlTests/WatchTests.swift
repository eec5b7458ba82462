import HTTPTypes
import KotibControlClient
import KotibControlProtocol
import KotibControlTestSupport
import KotibTestSupport
import Testing

@testable import kotibctl

@Suite struct WatchStateTests {
    private func progress(_ id: Int64, _ fraction: Double) -> ControlEvent {
        .progress(
            RunningBody(
                id: id, userName: "ali", filePath: "ali/\(id)", duration: 100, progress: fraction,
                remaining: nil,
                startedAt: ""))
    }

    private func changed(_ id: Int64, _ status: String) -> ControlEvent {
        .changed(
            EventBody(
                id: id, filePath: "ali/\(id)", transcriptionStatus: status, audioState: "present", at: ""))
    }

    @Test func endsWhenAllThatWereNamedAreDone() {
        var state = WatchState(ids: [1, 2])
        _ = state.apply(changed(1, "completed"))
        #expect(!state.isOver)
        _ = state.apply(changed(3, "completed"))
        #expect(!state.isOver && state.counts == (1, 1))
        _ = state.apply(changed(2, "failed"))
        #expect(state.isOver && !state.isSuccess)
    }

    @Test func neverEndsWhereNoneWasNamed() {
        var state = WatchState(ids: [])
        #expect(state.apply(changed(1, "completed")) == nil)
        #expect(state.apply(changed(2, "pending"))?.what == .status("pending"))
        #expect(state.apply(changed(2, "completed"))?.what == .status("completed"))
        #expect(!state.isOver)
    }

    @Test func oneWithoutItsFileIsNotWaitedFor() {
        var state = WatchState(ids: [1])
        func changed(_ status: String, _ audio: String) -> ControlEvent {
            .changed(
                EventBody(id: 1, filePath: "ali/1", transcriptionStatus: status, audioState: audio, at: ""))
        }
        // Its job ends by itself.
        #expect(state.apply(changed("processing", "gone"))?.what == .status("processing"))
        #expect(!state.isOver && state.goneIDs.isEmpty)
        #expect(state.apply(changed("pending", "gone"))?.what == .status("gone"))
        #expect(state.isOver && !state.isSuccess && state.goneIDs == [1] && state.waitingIDs.isEmpty)
        #expect(state.apply(changed("pending", "present"))?.what == .status("pending"))
        #expect(!state.isOver && state.goneIDs.isEmpty)
        _ = state.apply(changed("completed", "gone"))
        #expect(state.isOver && state.isSuccess && state.goneIDs.isEmpty)
    }

    @Test func everyTenPercentIsToldOnce() {
        var state = WatchState(ids: [])
        let news = [0.05, 0.12, 0.19, 0.2, 0.15, 1e300, .nan].map { state.apply(progress(1, $0))?.what }
        #expect(news == [.status("processing"), .percent(10), nil, .percent(20), nil, .percent(100), nil])
    }

    @Test func theTimeLeftFollowsTheSpeedSinceTheStart() {
        var state = WatchState(ids: [])
        _ = state.apply(progress(1, 0.5))
        _ = state.apply(progress(1, 0.6))
        // Ten seconds of sound in five: forty are left, and a hundred that nobody has measured.
        _ = state.apply(changed(2, "pending"))
        let overall = state.overall(named: "", elapsed: 5)
        #expect(abs((overall.fraction ?? 0) - 0.3) < 0.001)
        #expect(abs((overall.remaining ?? 0) - 70) < 0.001)
    }

    @Test func oneThatBeginsAnewForgetsHowFarItWas() {
        var state = WatchState(ids: [])
        _ = state.apply(progress(1, 0.9))
        _ = state.apply(changed(1, "pending"))
        #expect(state.lines.isEmpty)
        #expect(state.apply(changed(1, "processing"))?.what == .status("processing"))
        #expect(state.lines.first?.fraction == nil)
    }
}

@Suite struct WatchTests {
    @Test func saysEachChangeOnALineAndEndsWell() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1": .record(1, "pending")
            case "GET events":
                .events(
                    progress(1, 0.5, remaining: 5), changed(2, "failed", event: 1),
                    changed(1, "completed", event: 2))
            default: .notFound
            }
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(0))
            #expect(
                command.output == """
                    1 ali/1.wav waiting
                    1 ali/1.wav being transcribed
                    1 ali/1.wav done

                    """)
        }
    }

    @Test func aFailureSaysWhyAndIsAnExitCode() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1": .record(1, "failed", path: "ali/\u{1B}[2J.wav", error: "no\u{1B}c sound")
            case "GET events": .events(": \n\n")
            default: .notFound
            }
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(1))
            #expect(command.output == "1 ali/\\u{1B}[2J.wav failed: no\\u{1B}c sound\n")
        }
    }

    @Test func jsonIsAnObjectALine() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1": .record(1, "processing")
            case "GET events": .events(changed(2, "completed", event: 1), changed(1, "completed", event: 2))
            default: .notFound
            }
        } _: { daemon in
            let lines = try await daemon.kotibctl("watch", "1", "--json").output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix(#"{"event":"recording","data":{"id":1,"#) == true)
            #expect(lines.last?.hasPrefix(#"{"event":"changed","data":{"id":1,"#) == true)
        }
    }

    @Test func endsWhereThereIsNoSuchRecording() async throws {
        try await ScriptedDaemon.run {
            $0.what == "GET events" ? .events(": \n\n") : .notFound
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(66))
        }
    }

    @Test func endsWhereTheFileIsGone() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1":
                asked.before == 0 ? .record(1, "processing") : .record(1, "pending", audio: "gone")
            case "GET events": .events(changed(1, "pending", event: 1, audio: "gone"))
            default: .notFound
            }
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(66))
            #expect(command.output == "1 ali/1.wav being transcribed\n1 ali/1.wav its file is gone\n")
        }
    }

    @Test func goesOnWhereTheFileIsOnlyRenamed() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1":
                asked.before == 0
                    ? .record(1, "pending", audio: "gone") : .record(1, "pending", path: "ali/new.wav")
            case "GET events": .events(changed(1, "completed", event: 1))
            default: .notFound
            }
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(0))
            #expect(command.output.contains("1 ali/new.wav waiting\n"), "\(command.output)")
        }
    }

    @Test func aDaemonThatIsAwayIsToldOnceAndWaitedFor() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1": .record(1, "pending")
            case "GET events" where asked.before == 0: .events(": \n\n")
            case "GET events" where asked.before < 3: .refusal(.serviceUnavailable, "unavailable")
            case "GET events": .events(changed(1, "completed", event: 1))
            default: .notFound
            }
        } _: { daemon in
            let command = try await daemon.kotibctl("watch", "1")
            #expect(command.end == .exited(0))
            #expect(command.errors == "kotibctl: No: unavailable; trying again\n")
            let never = try await daemon.kotibctl("watch", "--socket", "/nowhere/s")
            #expect(never.end == .exited(69) && never.errors.contains("is it running?"))
        }
    }

    @Test func barsAreDrawnOnATerminal() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET audio/1": .record(1, "processing")
            case "GET events": .events(progress(1, 0.5, remaining: 5), changed(1, "completed", event: 2))
            default: .notFound
            }
        } _: { daemon in
            let program = try Installation.find().program("kotibctl")
            let command = try await Command.run(
                "script", ["-qec", "'\(program)' watch 1", "/dev/null"],
                environment: [
                    "HOME": daemon.folder.path, "KOTIB_SOCKET": daemon.socket, "LC_ALL": "C.UTF-8",
                    "TERM": "xterm", "PATH": "/usr/bin:/bin",
                ])
            #expect(command.end == .exited(0))
            #expect(command.output.contains("\u{1B}[32mdone\u{1B}[0m\u{1B}[K"))
            #expect(command.output.contains("1 of 1 done"))
            #expect(command.output.hasSuffix("\u{1B}[J"))
        }
    }
}
