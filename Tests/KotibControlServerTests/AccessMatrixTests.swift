import HTTPTypes
import KotibControlProtocol
import KotibTestSupport
import Testing

@testable import KotibControlServer

/// Threats 60, 61 and 63: every route of the router, crossed with everybody who may come.
@Suite(.timeLimit(.minutes(3))) struct AccessMatrixTests {
    /// For whom a route is.
    private enum Access {
        /// For everybody, but nobody with a token that does not hold.
        case everybody
        /// For everybody, also with a token that held once: it tells the device.
        case login
        case everyCaller
        /// Needs a token, because there must be a session to end.
        case session
        case admin
        /// For the recording's owner and admins; does not exist for others.
        case recording
        /// For admins and whose it is.
        case own
    }

    private struct Expectation {
        var access: Access
        var call: Call
        /// The status where it is served.
        var served = 200
    }

    private static let form = "multipart/form-data; boundary=edge"
    private static let upload =
        "--edge\r\nContent-Disposition: form-data; name=file; filename=new.wav\r\n\r\nwords\r\n--edge--\r\n"

    /// The expectation for each route. A new route needs an entry here.
    private static let expectations: [String: Expectation] = {
        let edit = #"{"transcript_text": "mine"}"#
        let phone = #"{"phone_number": "+998909999999", "otp_code": "000000"}"#
        let list: [(HTTPRequest.Method, String, Access, Int, String)] = [
            (.post, "auth/send_otp", .login, 200, phone),
            (.post, "auth/verify_otp", .login, 400, phone),
            (.post, "auth/logout", .session, 200, ""),
            (.get, "auth/me", .everyCaller, 200, ""),
            (.get, "users", .admin, 200, ""),
            (.post, "users", .admin, 201, #"{"name": "new"}"#),
            (.get, "users/{id}", .own, 200, ""),
            (.patch, "users/{id}", .own, 200, #"{"language": "ru"}"#),
            (.get, "audio/list", .everyCaller, 200, ""),
            (.get, "audio/{id}", .recording, 200, ""),
            (.put, "audio/{id}", .recording, 200, edit),
            (.delete, "audio/{id}", .recording, 200, ""),
            (.post, "audio/{id}/retry", .recording, 200, ""),
            (.post, "audio/{id}/sidecars", .recording, 200, ""),
            (.get, "audio/{id}/file", .recording, 200, ""),
            (.get, "audio/file/{id}", .recording, 200, ""),
            (.get, "audio/{id}/transcript", .recording, 200, ""),
            (.get, "audio/{id}/revisions", .recording, 200, ""),
            (.get, "audio/{id}/revisions/{revision}", .recording, 200, ""),
            (.post, "audio/{id}/revisions/{revision}/restore", .recording, 200, ""),
            (.post, "audio/upload", .own, 200, upload),
            (.get, "events", .everyCaller, 200, ""),
            (.get, "status", .everyCaller, 200, ""),
            (.get, "metrics", .admin, 200, ""),
        ]
        var all: [String: Expectation] = [:]
        for (method, path, access, served, body) in list {
            var call = Call(method: method, path: "/api/v1/\(path)", body: body)
            if path.hasPrefix("users/") { call.path = "/api/v1/users/{user}" }
            if path == "audio/upload" {
                call.path += "?user=ali"
                call.headers[.contentType] = form
            }
            all["\(method.rawValue) /api/v1/\(path)"] = Expectation(
                access: access, call: call, served: served)
        }
        all["GET /metrics"] = Expectation(access: .admin, call: Call(method: .get, path: "/metrics"))
        for path in ["/openapi.json", "/api/v1/openapi.json"] {
            all["GET \(path)"] = Expectation(access: .everybody, call: Call(method: .get, path: path))
        }
        return all
    }()

    /// Nil where the request is served.
    private func refusal(_ access: Access, _ asker: Asker) -> Int? {
        switch (asker.callerKind, access) {
        case (.badToken, .login): nil
        case (.badToken, _): 401
        case (.unknown, .everybody), (.unknown, .login): nil
        case (.unknown, _): 401
        case (.localOperator, .session): 409
        case (.owner, .admin), (.another, .admin), (.another, .own): 403
        case (.another, .recording): 404
        default: nil
        }
    }

    @Test func everyRouteIsForSomebodyByName() async throws {
        let routes = try await MatrixWorld.routes(of: SocketFixture())
        #expect(Set(routes).subtracting(Self.expectations.keys).isEmpty, "say whom these are for")
        #expect(Set(Self.expectations.keys).subtracting(routes).isEmpty, "these are no routes any more")
        #expect(Set(routes).count == routes.count)
    }

    @Test func refusedCallersChangeNothing() async throws {
        let world = try await MatrixWorld()
        let before = try await world.state()
        #expect(
            before.contains { $0.hasPrefix("audio_records ") } && before.contains { $0.contains("talk.wav") })
        for (route, expectation) in Self.expectations {
            for asker in Asker.allCases {
                guard let status = refusal(expectation.access, asker) else { continue }
                let answer = try await world.ask(expectation.call, as: asker)
                #expect(answer.status == status, "\(route) as \(asker)")
                let error = try answer.json(ErrorBody.self)
                #expect(
                    !error.detail.isEmpty && ErrorCode(rawValue: error.code) != nil, "\(route) as \(asker)")
                #expect(status != 401 || answer.headers[.wwwAuthenticate] != nil, "\(route) as \(asker)")
                #expect(try await world.state() == before, "\(route) as \(asker)")
            }
        }
    }

    /// Responses do not reveal which numbers are registered.
    @Test(arguments: [Asker.another, .anotherThroughProxy], [false, true])
    func anothersRecordingIsLikeNone(_ asker: Asker, _ isArchived: Bool) async throws {
        let world = try await MatrixWorld(isArchived: isArchived)
        for (route, expectation) in Self.expectations where expectation.access == .recording {
            let another = try await world.ask(expectation.call, as: asker)
            let none = try await world.ask(expectation.call, as: asker, recording: 999_999)
            #expect(another.status == 404 && none.status == 404, "\(route)")
            #expect(another.headers == none.headers, "\(route)")
            #expect(try another.json(ErrorBody.self) == none.json(ErrorBody.self), "\(route)")
        }
    }

    @Test func permittedCallersAreServed() async throws {
        let reading = try await MatrixWorld()
        for (route, expectation) in Self.expectations {
            for asker in Asker.allCases where refusal(expectation.access, asker) == nil {
                let world = expectation.call.method == .get ? reading : try await MatrixWorld()
                let answer = try await world.ask(expectation.call, as: asker)
                #expect(answer.status == expectation.served, "\(route) as \(asker): \(answer.text)")
            }
        }
    }

    @Test(arguments: [Asker.nobody, .another, .forged, .owner, .ownerThroughProxy, .admin, .root])
    func archivedAudioIsForTheSameAsBefore(_ asker: Asker) async throws {
        let world = try await MatrixWorld(isArchived: true)
        for path in ["audio/{id}/file", "audio/file/{id}"] {
            let answer = try await world.ask(Call(method: .get, path: "/api/v1/\(path)"), as: asker)
            #expect(answer.status == refusal(.recording, asker) ?? 200)
            #expect((answer.text == "speech") == (answer.status == 200))
        }
        let path = "archive/ali/talk.wav"
        let answer = try await world.ask(Call(method: .delete, path: "/api/v1/audio/{id}"), as: asker)
        #expect(answer.status == refusal(.recording, asker) ?? 200)
        #expect((world.fixture.folder.read(path) == nil) == (answer.status == 200))
    }

    /// Routes that everybody may call return only the caller's own data.
    @Test(arguments: [
        (Asker.owner, 1), (.ownerThroughProxy, 1), (.another, 0), (.anotherThroughProxy, 0), (.admin, 1),
        (.root, 1), (.daemon, 1),
    ])
    func listAndStatusHoldWhatIsTheCallers(asker: Asker, count: Int) async throws {
        let world = try await MatrixWorld()
        for query in ["", "?user=ali", "?q=hello"] {
            let list = try await world.ask(Call(method: .get, path: "/api/v1/audio/list\(query)"), as: asker)
            let body = try list.json(AudioListBody.self)
            #expect(body.total == count && body.items.count == count, "\(query)")
        }
        let status = try await world.ask(Call(method: .get, path: "/api/v1/status"), as: asker)
            .json(StatusBody.self)
        #expect(status.recordings["completed"] == count)
        #expect((status.engine != nil) == [.admin, .localOperator].contains(asker.callerKind))
    }
}
