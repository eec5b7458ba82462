import HTTPTypes
import Hummingbird
import KotibControlProtocol
import KotibModel
import KotibText
import Logging

/// The properties of a connection that are known before its first byte.
struct ControlContextSource: RequestContextSource {
    let logger: Logger
    /// The user id of the machine that connected.
    let peer: UInt32
}

/// The context of a request.
struct ControlContext: RequestContext {
    typealias Source = ControlContextSource

    var coreContext: CoreRequestContextStorage
    let peer: UInt32
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

    init(source: ControlContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.peer
        peerName = "uid \(source.peer)"
    }

    /// - Throws: ``ControlFailure``, 401 without a login.
    func requireCaller() throws(ControlFailure) -> Caller {
        guard let caller else {
            throw ControlFailure(
                .unauthorized, .unauthorized, .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
        }
        return caller
    }

    /// - Throws: ``ControlFailure``, 401 or 403.
    func requireAdmin() throws(ControlFailure) -> Caller {
        let caller = try requireCaller()
        guard caller.isAdmin else { throw ControlFailure(.forbidden, .forbidden, .forbidden) }
        return caller
    }
}
