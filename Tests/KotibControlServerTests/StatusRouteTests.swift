import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibHealth
import KotibModel
import KotibText
import Testing

@testable import KotibControlServer

@Suite struct StatusRouteTests {
    @Test func anAdminSeesEverything() async throws {
        let fixture = try await ControlFixture(
            issues: [.watchLimit], watch: WatchReport(watchedFolders: 3, polledFolders: 1))
        try await fixture.record("ali/a.mp3")
        let admin = try await fixture.user("aziza", .admin)
        let expected = await fixture.parts.health.report().problems(in: .uzbek)
        #expect(expected.count == 1 && expected[0].contains("fs.inotify.max_user_watches"))
        for caller in [Caller.localOperator, .session(admin)] {
            let status = try await fixture.ask(.get, "/api/v1/status", as: caller).json(StatusBody.self)
            #expect(status.version == "1.2.3" && status.state == "degraded")
            #expect(status.problems == expected)
            #expect(status.recordings["pending"] == 1 && status.recordings["rejected"] == 0)
            #expect(status.engine?.name == "local" && status.watch?.polledFolders == 1)
            #expect(status.uptime.map { $0 >= 0 } == true)
        }
    }

    @Test func doubtfulRecordingsAreCounted() async throws {
        let fixture = try await ControlFixture()
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        let id = try await fixture.record("ali/a.mp3")
        _ = try await fixture.catalog.jobs.claim()
        let transcript = Transcript(text: "", segments: [], language: nil, engine: "local", model: "base")
        _ = try await fixture.catalog.jobs.complete(
            id, transcript: transcript, speech: 0, warnings: [RecordingWarning(.noSpeechHeard)],
            engineSeconds: 1)
        for (caller, count) in [(Caller.localOperator, 1), (.session(ali), 1), (.session(vali), 0)] {
            let status = try await fixture.ask(.get, "/api/v1/status", as: caller).json(StatusBody.self)
            #expect(status.doubtful == count)
        }
    }

    @Test func aUserSeesTheirOwn() async throws {
        let fixture = try await ControlFixture(
            issues: [.watchLimit], watch: WatchReport(watchedFolders: 3, polledFolders: 1))
        let (ali, vali) = (try await fixture.user("ali"), try await fixture.user("vali"))
        try await fixture.record("ali/a.mp3", content: 1)
        try await fixture.record("ali/b.mp3", content: 2)
        try await fixture.record("vali/a.mp3", content: 3)
        let own = try await fixture.ask(.get, "/api/v1/status", as: .session(ali)).json(StatusBody.self)
        #expect(own.recordings["pending"] == 2 && own.state == "degraded")
        #expect(own.problems.isEmpty && own.engine == nil && own.watch == nil && own.uptime == nil)
        let other = try await fixture.ask(.get, "/api/v1/status", as: .session(vali)).json(StatusBody.self)
        #expect(other.recordings["pending"] == 1)
    }

    @Test func aHookThatFailsIsAProblem() async throws {
        let hooks = [
            HookHealth(receiver: .program, pending: 0, delivered: 4),
            HookHealth(receiver: .webhook, pending: 3, delivered: 1, failed: 2, problem: "no route"),
        ]
        let fixture = try await ControlFixture(hooks: hooks)
        let status = try await fixture.ask(.get, "/api/v1/status", as: .localOperator).json(StatusBody.self)
        #expect(status.state == "degraded" && status.problems.count == 1)
        #expect(status.problems.first?.contains("no route") == true)
        #expect(
            status.hooks == [
                HookBody(receiver: "program", pending: 0, lastError: nil),
                HookBody(receiver: "webhook", pending: 3, lastError: "no route"),
            ])
        let metrics = try await fixture.ask(.get, "/metrics", as: .localOperator).text.split(separator: "\n")
        #expect(metrics.contains(#"kotib_hooks_pending{receiver="webhook"} 3"#))
        #expect(metrics.contains(#"kotib_hooks_delivered_total{receiver="program"} 4"#))
        #expect(metrics.contains(#"kotib_hooks_failed_total{receiver="webhook"} 2"#))
        let ali = try await fixture.user("ali")
        let own = try await fixture.ask(.get, "/api/v1/status", as: .session(ali)).json(StatusBody.self)
        #expect(own.hooks == nil && own.problems.isEmpty)
    }
}
