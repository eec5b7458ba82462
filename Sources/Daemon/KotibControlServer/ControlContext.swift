import HTTPTypes
import Hummingbird
import KotibControlProtocol
import KotibModel
import KotibText
import Logging

/// The facts about a connection before its first byte is read.
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
    /// By what limits count: the peer's user id, or the address that a trusted proxy names.
    var peerName: String
    /// Whether HEAD was asked, of which the routes make a GET.
    var isHead = false
    /// Nil until the authentication has found one.
    var caller: Caller?
    /// Of a login: whose token the device has, however old.
    var device: UserID?
    /// Of the sentences in the answer.
    var language = Language.uzbek

    init(source: ControlContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.peer
        peerName = "uid \(source.peer)"
    }

    /// - Throws: ``ControlFailure``, 401 where nobody has logged in.
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
