import Foundation
import Glibc
import KotibIntake
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite(.timeLimit(.minutes(2))) struct TransportTests {
    @Test func everyErrorIsAnObjectInTheLanguageThatIsAskedFor() async throws {
        let fixture = try await ControlFixture()
        try await fixture.serving {
            let uzbek = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
            #expect(uzbek.hasPrefix("HTTP/1.1 404 ") && uzbek.contains("\"code\":\"not_found\""), "\(uzbek)")
            #expect(uzbek.contains("Bunday manzil yo'q"))
            let russian = try await RawClient.ask(
                fixture.socket, "GET /nothing HTTP/1.1", "Accept-Language: en;q=0.1, ru-RU;q=0.7")
            #expect(russian.contains("Такого адреса нет"), "\(russian)")
        }
    }

    @Test func aTokenThatIsNoneIsRefusedEvenFromTheOperator() async throws {
        let fixture = try await ControlFixture()
        try await fixture.serving {
            for header in ["Bearer x.y.z", "Basic cm9vdDo=", "Bearer", "Bearer a b", ""] {
                let answer = try await RawClient.ask(
                    fixture.socket, "GET /nothing HTTP/1.1", "Authorization: \(header)")
                #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(header): \(answer)")
                #expect(answer.lowercased().contains("www-authenticate: bearer"))
            }
        }
    }

    /// Threat 62: what two servers could read differently is not read at all.
    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET / HTTP/1.1\r\nHost: k\r\nA\u{1}: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: k\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ])
    func ambiguousRequestsAreNotRead(request: String) async throws {
        let fixture = try await ControlFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            client.send(request)
            let answer = await client.everything()
            #expect(answer.hasPrefix("HTTP/1.1 4") || answer.isEmpty, "\(answer)")
            let next = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
            #expect(next.hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test func connectionsBeyondTheLimitAreTurnedAwayAndMakeRoomAgain() async throws {
        let fixture = try await ControlFixture(connections: 3)
        try await fixture.serving {
            var held = try (0..<3).map { _ in try RawClient(fixture.socket) }
            try await waitUntil("the fourth is turned away") {
                let answer = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
                return answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\"code\":\"unavailable\"")
            }
            held.removeAll()
            try await waitUntil("there is room again") {
                try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1").hasPrefix("HTTP/1.1 404 ")
            }
        }
    }

    @Test func theSocketGoesWithTheServer() async throws {
        let fixture = try await ControlFixture()
        try await fixture.serving {
            #expect(access(fixture.socket, F_OK) == 0)
        }
        #expect(access(fixture.socket, F_OK) != 0)
    }
}

@Suite struct AdmissionTests {
    @Test func oneUserGetsHalfOfAll() {
        let admission = Admission(most: 4)
        #expect(admission.enter(1000, speaksForMany: false))
        #expect(admission.enter(1000, speaksForMany: false))
        #expect(!admission.enter(1000, speaksForMany: false))
        #expect(admission.enter(1001, speaksForMany: false))
        #expect(admission.enter(33, speaksForMany: true))
        #expect(!admission.enter(0, speaksForMany: true), "four are all there are")
        admission.leave(1000)
        #expect(admission.enter(1000, speaksForMany: false))
        #expect(admission.count == 4)
    }
}

@Suite struct RequestLanguageTests {
    @Test(arguments: [
        (nil, "uz"), ("", "uz"), ("fr, de", "uz"), ("en", "en"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("fr;q=1, en;q=0.2", "en"), ("en;q=0", "uz"), ("EN-us", "en"), ("en;q=x, ru;q=0.5", "en"),
        (";;;,,,", "uz"),
    ])
    func theBestOfThreeIsFound(header: String?, code: String) {
        #expect(RequestLanguage.best(of: header).rawValue == code)
    }
}

@Suite struct MethodTableTests {
    @Test func aWrongMethodIsNoWrongAddress() {
        let table = MethodTable()
        table.fill([
            ("/api/v1/audio/{id}", "GET"), ("/api/v1/audio/{id}", "PUT"), ("/api/v1/audio/list", "GET"),
        ])
        #expect(table.methods(at: "/api/v1/audio/7") == ["GET", "PUT"])
        #expect(table.methods(at: "/api/v1/audio") == [])
        #expect(table.methods(at: "/") == [])
    }
}
