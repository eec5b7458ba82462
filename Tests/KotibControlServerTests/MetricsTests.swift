import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibHealth
import KotibModel
import Testing

@testable import KotibControlServer

@Suite struct MetricsTests {
    @Test func requestsAreCountedByTheirRoute() {
        let metrics = ControlMetrics()
        metrics.record(route: "/a/{id}", method: "GET", status: 200, seconds: 0.005)
        metrics.record(route: "/a/{id}", method: "GET", status: 200, seconds: 3)
        metrics.record(route: "/a\"\\\n", method: "PUT", status: 404, seconds: 60)
        let lines = metrics.text().split(separator: "\n")
        #expect(lines.contains(#"kotib_http_requests_total{method="GET",route="/a/{id}",status="200"} 2"#))
        #expect(lines.contains(#"kotib_http_requests_total{method="PUT",route="/a\"\\\n",status="404"} 1"#))
        #expect(lines.contains(#"kotib_http_request_duration_seconds_bucket{le="0.005"} 1"#))
        #expect(lines.contains(#"kotib_http_request_duration_seconds_bucket{le="5"} 2"#))
        #expect(lines.contains(#"kotib_http_request_duration_seconds_bucket{le="+Inf"} 3"#))
        #expect(lines.contains("kotib_http_request_duration_seconds_sum 63.005"))
        #expect(lines.contains("kotib_http_request_duration_seconds_count 3"))
    }

    @Test(arguments: ["/metrics", "/api/v1/metrics"])
    func anAdminSeesTheDaemon(_ path: String) async throws {
        let fixture = try await ControlFixture(
            issues: [.watchLimit], watch: WatchReport(watchedFolders: 3, polledFolders: 1))
        try await fixture.record("ali/a.mp3")
        let answer = try await fixture.ask(.get, path, as: .localOperator)
        #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        let lines = answer.text.split(separator: "\n")
        #expect(lines.contains(#"kotib_recordings{state="pending"} 1"#))
        #expect(lines.contains(#"kotib_recordings{state="failed"} 0"#))
        #expect(lines.contains(#"kotib_build_info{engine="local",version="1.2.3"} 1"#))
        #expect(lines.contains(#"kotib_watch_folders{mode="polled"} 1"#))
        #expect(lines.contains("kotib_over_quota 0"))
        #expect(lines.contains("kotib_watch_problems 1") && lines.contains("kotib_engine_paused 0"))
        let resident = lines.first { $0.hasPrefix("process_resident_memory_bytes ") }
        #expect(try #require(resident?.split(separator: " ").last.flatMap { Double($0) }) > 1_000_000)
        let families = lines.filter { $0.hasPrefix("# TYPE") }
        #expect(Set(families).count == families.count)
    }

    @Test func aUserDoesNot() async throws {
        let fixture = try await ControlFixture()
        let ali = try await fixture.user("ali")
        #expect(try await fixture.refusal(.get, "/metrics", as: .session(ali))?.status == .forbidden)
    }
}
