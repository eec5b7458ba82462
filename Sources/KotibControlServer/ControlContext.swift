import Hummingbird
import KotibIntake
import Logging

/// What a connection tells about a request before its first byte is read.
struct ControlContextSource: RequestContextSource {
    let logger: Logger
    /// The user id of the machine that connected.
    let peer: UInt32
}

/// What the routes know of a request beside the request.
struct ControlContext: RequestContext {
    typealias Source = ControlContextSource

    var coreContext: CoreRequestContextStorage
    let peer: UInt32
    /// Nil until the authentication has found one.
    var caller: Caller?
    /// Of the sentences in the answer.
    var language = NoteLanguage.uzbek

    init(source: ControlContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.peer
    }

    /// Bytes of a body that is decoded.
    var maxUploadSize: Int { 1_048_576 }
}
