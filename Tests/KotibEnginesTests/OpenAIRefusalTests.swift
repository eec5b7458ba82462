import Foundation
import KotibTestSupport
import KotibText
import KotibTranscription
import Testing

@testable import KotibEngines

@Suite("OpenAI refusals")
struct OpenAIRefusalTests {
    enum Kind { case transient, permanent, unavailable }

    private func error(_ status: Int, _ body: String = "{}", headers: [String] = []) async throws
        -> EngineError?
    {
        let server = try FaultServer { _ in [.send(Answer.whole(status, body, headers: headers))] }
        return try await engine(server).failure(try job())
    }

    private func kind(_ error: EngineError?) -> Kind? {
        switch error {
        case .transient: .transient
        case .permanent: .permanent
        case .unavailable: .unavailable
        default: nil
        }
    }

    @Test(arguments: [
        (400, Kind.permanent), (413, .permanent), (415, .permanent), (422, .permanent),
        (401, .unavailable), (402, .unavailable), (403, .unavailable), (404, .unavailable),
        (405, .unavailable),
        (429, .unavailable), (503, .unavailable), (529, .unavailable), (301, .unavailable),
        (307, .unavailable),
        (408, .transient), (409, .transient), (500, .transient), (502, .transient), (504, .transient),
        (201, .transient), (204, .transient),
    ])
    func eachStatusBlamesTheRightThing(status: Int, expected: Kind) async throws {
        #expect(kind(try await error(status)) == expected)
    }

    @Test func theServersWordsReachThePerson() async throws {
        let bodies = [
            #"{"error":{"message":"Audio file might be corrupted","type":"invalid_request_error"}}"#,
            #"{"error":"Audio file might be corrupted"}"#,
            #"{"detail":"Audio file might be corrupted"}"#,
            #"{"detail":[{"loc":["body","file"],"msg":"Audio file might be corrupted","type":"value_error"}]}"#,
            #"{"message":"Audio file\u001b might\nbe   corrupted"}"#,
        ]
        for body in bodies {
            guard case .permanent(let message) = try await error(400, body) else {
                Issue.record("\(body) was not permanent")
                continue
            }
            #expect(message.english.hasSuffix("(400): Audio file might be corrupted"))
        }
    }

    @Test func aLongMessageIsCut() async throws {
        let body = #"{"error":"\#(String(repeating: "long ", count: 1000))"}"#
        guard case .permanent(let message) = try await error(400, body) else {
            Issue.record("kind")
            return
        }
        #expect(message.english.count < 400)
    }

    @Test func theKeyIsInNoMessage() async throws {
        let body = #"{"error":{"message":"Incorrect API key: sk-very-secret.","code":"invalid_api_key"}}"#
        guard case .unavailable(let message, let pause?) = try await error(401, body) else {
            Issue.record("kind")
            return
        }
        #expect(message.english.contains("Incorrect API key: (key)."))
        #expect(!message.english.contains("secret"))
        #expect(pause >= .seconds(60))
        let key = APIKey(" sk-very-secret\n")
        var dumped = ""
        dump([key], to: &dumped)
        #expect(!"\(key) \(String(reflecting: OpenAISettings(key: key))) \(dumped)".contains("secret"))
        #expect(key == APIKey("sk-very-secret"))
    }

    @Test func spentQuotaIsToldFromTooManyRequests() async throws {
        let quota = #"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#
        guard case .unavailable(_, .seconds(3600)) = try await error(429, quota, headers: ["Retry-After: 1"])
        else {
            Issue.record("a spent quota is not asked about again at once")
            return
        }
        let rate = #"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#
        guard
            case .unavailable(_, .milliseconds(1200)) = try await error(
                429, rate, headers: ["retry-after-ms: 1200"])
        else {
            Issue.record("the time that the server asks for is honoured")
            return
        }
    }

    @Test func passingFaultsCarryTheServersTime() async throws {
        guard case .transient(_, .seconds(7)) = try await error(500, headers: ["Retry-After: 7"]),
            case .unavailable(_, .seconds(3600)) = try await error(503, headers: ["Retry-After: 1000000000"]),
            case .unavailable(_, nil) = try await error(503, headers: ["Retry-After: soon"])
        else {
            Issue.record("Retry-After is not honoured within bounds")
            return
        }
    }

    @Test(arguments: [
        #"{"error":{"message":"invalid model ID","param":"model"}}"#,
        #"{"error":{"message":"no such model","code":"model_not_found"}}"#,
        #"{"detail":[{"loc":["body","model"],"msg":"unknown"}]}"#,
    ])
    func aWrongModelIsNotTheRecordingsFault(body: String) async throws {
        #expect(kind(try await error(400, body)) == .unavailable)
    }

    @Test func aRedirectNeverGetsTheKey() async throws {
        let canary = try FaultServer { _ in [.send(Answer.whole(200, #"{"text":"a"}"#))] }
        let location = "Location: \(canary.url)/v1/audio/transcriptions"
        for status in [301, 302, 303, 307, 308] {
            #expect(kind(try await error(status, headers: [location])) == .unavailable)
        }
        #expect(canary.accepted == 0)
    }

    @Test func aServerOutOfReachPausesTheQueue() async throws {
        let settings = OpenAISettings(baseURL: "http://127.0.0.1:\(try Loopback.freePort())/v1")
        let engine = try OpenAIEngine(settings, transfers: try transfers())
        #expect(kind(await engine.failure(try job())) == .unavailable)
    }

    @Test(arguments: [
        ("", OpenAISettingsError.baseURL("")), ("open ai", .baseURL("open ai")),
        ("http://", .baseURL("http://")),
        ("ftp://host/v1", .baseURL("ftp://host/v1")), ("http://u:p@host", .baseURL("http://u:p@host")),
        ("http://host?x", .baseURL("http://host?x")), ("http://host/v1", nil), ("https://[::1]:8000/v1", nil),
        ("https://api.openai.com/v1", .noKey), ("https://eu.api.openai.com/v1", .noKey),
    ])
    func baseURLsAreChecked(url: String, expected: OpenAISettingsError?) {
        #expect(problem(OpenAISettings(baseURL: url)) == expected)
    }

    @Test func keysAndLimitsAreChecked() {
        #expect(problem(OpenAISettings(key: APIKey("sk two"))) == .malformedKey)
        #expect(
            problem(OpenAISettings(baseURL: "http://api.openai.com/v1", key: APIKey("sk"))) == .unencrypted)
        #expect(problem(OpenAISettings(model: "", key: APIKey("sk"))) == .noModel)
        #expect(problem(OpenAISettings(key: APIKey("sk"), uploadLimit: 0)) == .limit)
        #expect(problem(OpenAISettings(key: APIKey("sk"))) == nil)
    }

    private func problem(_ settings: OpenAISettings) -> OpenAISettingsError? {
        do throws(OpenAISettingsError) {
            _ = try OpenAIEndpoint(settings)
            return nil
        } catch {
            return error
        }
    }
}
