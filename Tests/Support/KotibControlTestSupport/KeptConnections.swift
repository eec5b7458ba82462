import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

extension HTTPServerBuilder {
    /// HTTP/1.1 by a server that may be stopped while somebody connects.
    ///
    /// Hummingbird's drops the connections then that nobody serves yet, and a `NIOAsyncChannel` that is
    /// dropped without being used up ends the process, and all tests in it.
    public static var keepingConnections: HTTPServerBuilder {
        HTTPServerBuilder { KeptConnections(http: HTTP1Channel(responder: $0)) }
    }
}

/// Whoever is the last to hold a connection uses it up.
private struct KeptConnections: ServerChildChannel {
    final class Value: ServerChildChannelValue {
        let channel: any Channel
        private let http: Mutex<HTTP1Channel.Value?>

        init(_ http: HTTP1Channel.Value) {
            channel = http.channel
            self.http = Mutex(http)
        }

        deinit {
            guard let http = take() else { return }
            Task { try? await http.executeThenClose { _, _ in } }
        }

        func take() -> HTTP1Channel.Value? {
            http.withLock { http in
                defer { http = nil }
                return http
            }
        }
    }

    let http: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).map(Value.init)
    }

    func handle(value: Value, logger: Logger) async {
        guard let channel = value.take() else { return }
        await http.handle(value: channel, logger: logger)
    }
}
