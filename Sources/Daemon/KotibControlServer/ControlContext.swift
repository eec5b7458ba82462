import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibControlProtocol
import KotibModel
import KotibText
import Logging

/// The context of a request.
struct ControlContext: Sendable {
    let logger: Logger
    /// The user id of the machine that connected.
    let peer: UInt32
    /// The path of the route, with names in place of its parameters.
    var route = ""
    /// The segments of the path that the route names, as they were sent.
    var parameters: [Substring: Substring] = [:]
    /// The key of limits: the peer's user id, or the address that a trusted proxy names.
    var peerName: String
    /// Whether the request was HEAD; the routes handle it as GET.
    var isHead = false
    /// Nil until authentication.
    var caller: Caller?
    /// At a login: the user of the device's token, which may have expired.
    var device: UserID?
    /// The language of sentences in the response.
    var language = Language.uzbek

    init(logger: Logger, peer: UInt32) {
        self.logger = logger
        self.peer = peer
        peerName = "uid \(peer)"
    }

    /// - Throws: ``ControlFailure``, 401 without a login.
    func requireCaller() throws(ControlFailure) -> Caller {
        guard let caller else { throw ControlFailure.unauthorized }
        return caller
    }

    /// - Throws: ``ControlFailure``, 401 or 403.
    func requireAdmin() throws(ControlFailure) -> Caller {
        let caller = try requireCaller()
        guard caller.isAdmin else { throw ControlFailure(.forbidden, .forbidden, .forbidden) }
        return caller
    }
}

/// The caller of a request.
enum Caller: Hashable, Sendable {
    /// Root or the daemon's own user, by the credentials at connect(2) (unix(7), SO_PEERCRED). A descriptor
    /// can be passed on after that, so this protects the operator's access and nothing more.
    case localOperator
    case session(Session)

    /// The recordings that this caller may see.
    var scope: AccessScope {
        switch self {
        case .localOperator: .everyone
        case .session(let session): session.scope
        }
    }

    /// Whether this caller has the rights of an admin.
    var isAdmin: Bool { scope == .everyone }
}

/// Selects one of the three languages (RFC 9110, 12.5.4).
enum RequestLanguage {
    /// The one with the highest weight, the first of equals; Uzbek where none is asked for.
    static func best(of header: String?) -> Language {
        var best = Language.uzbek
        var highest = 0.0
        for range in (header ?? "").prefix(1000).split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let tag = parts.first?.prefix(while: { $0 != "-" }).lowercased(),
                let language = Language(rawValue: tag)
            else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if weight > highest { (best, highest) = (language, weight) }
        }
        return best
    }
}
