import Foundation

/// The response of the control socket.
public struct ControlResponse: Sendable, CustomStringConvertible {
    public var status: Int
    /// Names in lower case.
    public var headers: [String: String]
    public var body: Data

    public var text: String { String(decoding: body, as: UTF8.self) }
    public var description: String { "\(status) \(text.prefix(2000))" }

    /// The member that a path of names and indices leads to: `answer["items", 0, "id"]`.
    public subscript(_ path: any ControlKey...) -> ControlValue? {
        var value = try? JSONSerialization.jsonObject(with: body)
        for key in path { value = key.member(of: value) }
        switch value {
        case let text as String: return .text(text)
        case let number as NSNumber: return .number(number.doubleValue)
        case is NSNull: return .null
        case let list as [Any]: return .list(list.count)
        case is [String: Any]: return .object
        default: return nil
        }
    }
}

public enum ControlValue: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case number(Double)
    /// A list with this number of members.
    case list(Int)
    case object
    case null

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }

    public var string: String? { if case .text(let text) = self { text } else { nil } }
    public var integer: Int? { if case .number(let number) = self { Int(number) } else { nil } }
}

/// A name or an index in a JSON document.
public protocol ControlKey: Sendable {
    func member(of value: Any?) -> Any?
}

extension String: ControlKey {
    public func member(of value: Any?) -> Any? { (value as? [String: Any])?[self] }
}

extension Int: ControlKey {
    public func member(of value: Any?) -> Any? {
        guard let list = value as? [Any], list.indices.contains(self) else { return nil }
        return list[self]
    }
}

/// Requests to the control socket by curl and kotibctl, so that the daemon's code does not judge itself.
extension DaemonFixture {
    public var socket: String { stateFolder + "/kotib.sock" }

    /// - Parameters:
    ///   - path: below the root, such as `/api/v1/audio/list`.
    ///   - token: nil asks as the local operator, who the tests' user is.
    ///   - json: the body.
    ///   - options: more of curl's own.
    public func request(
        _ method: String, _ path: String, token: String? = nil, json: String? = nil, options: [String] = []
    ) async throws -> ControlResponse {
        let headers = scratch + "/headers-\(UUID())"
        var arguments = ["--silent", "--show-error", "--max-time", "60", "--unix-socket", socket]
        arguments += ["--request", method, "--dump-header", headers]
        if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
        if let json {
            arguments += ["--header", "Content-Type: application/json", "--data-binary", json]
        }
        let output = try await Command.succeed("curl", arguments + options + ["http://kotib\(path)"])
        defer { try? FileManager.default.removeItem(atPath: headers) }
        let head = try String(contentsOfFile: headers, encoding: .utf8)
        return try ControlResponse(head: head, body: Data(output.utf8))
    }

    /// Uploads a file as a form's field `file`.
    public func upload(_ file: String, named name: String, token: String?) async throws -> ControlResponse {
        try await request(
            "POST", "/api/v1/audio/upload", token: token,
            options: ["--form", "file=@\(file);filename=\"\(name)\""])
    }

    /// The texts that were sent to a phone, oldest first, as the file sender writes them down.
    public func messages(to phone: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: stateFolder + "/sms.jsonl") else { return [] }
        return try data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let message = try JSONDecoder().decode([String: String].self, from: line)
            return message["to"] == phone ? message["text"] : nil
        }
    }

    /// Asks for a code and returns it when it has arrived.
    public func code(for phone: String) async throws -> String {
        let before = try messages(to: phone).count
        let answer = try await request(
            "POST", "/api/v1/auth/send_otp", json: #"{"phone_number": "\#(phone)"}"#)
        guard answer.status == 200 else { throw testFailure("No code is sent: \(answer)") }
        let text = try await eventually("a message reaches \(phone)") {
            try messages(to: phone).dropFirst(before).last
        }
        guard let code = text.firstMatch(of: /[0-9]{6}/) else { throw testFailure("No code in: \(text)") }
        return String(code.output)
    }

    /// Logs in and returns the token.
    public func login(_ phone: String) async throws -> String {
        let code = try await code(for: phone)
        let answer = try await request(
            "POST", "/api/v1/auth/verify_otp",
            json: #"{"phone_number": "\#(phone)", "otp_code": "\#(code)"}"#)
        guard answer.status == 200, let token = answer["access_token"]?.string else {
            throw testFailure("The code is not taken: \(answer)")
        }
        return token
    }

    /// kotibctl with a home of its own, so that it keeps its token there.
    public func kotibctl(
        _ arguments: [String], home: String = "operator", environment: [String: String] = [:]
    ) async throws -> Command {
        let home = scratch + "/home-" + home
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let own = ["HOME": home, "KOTIB_SOCKET": socket, "LC_ALL": "C.UTF-8"]
        return try await Command.run(
            installation.program("kotibctl"), arguments, environment: own.merging(environment) { $1 })
    }
}

extension ControlResponse {
    /// - Parameter head: as curl's --dump-header writes it; of several answers (100 Continue) the last
    ///   counts.
    init(head: String, body: Data) throws {
        let blocks = head.replacing("\r\n", with: "\n").split(separator: "\n\n")
        let lines = (blocks.last ?? "").split(separator: "\n")
        guard let first = lines.first?.split(separator: " "), first.count > 1, let status = Int(first[1])
        else { throw DaemonTestFailure(description: "That is no answer: \(head)") }
        self.status = status
        headers = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] =
                parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        self.body = body
    }
}
