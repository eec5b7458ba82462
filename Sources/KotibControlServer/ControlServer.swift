// KotibControlServer: the control socket: routes that decode, call, encode.

import FoundationEssentials
import KotibAccounts
import KotibCatalog
import KotibIngest
import KotibTranscription
import KotibWatch
import Logging
import ServiceLifecycle

/// What the control socket serves, and to whom it turns.
public struct ControlParts: Sendable {
    public var catalog: Catalog
    public var accounts: AccountService
    public var actions: RecordingActions
    public var queue: TranscriptionQueue
    public var health: @Sendable () async -> WatchHealth
    /// `local` or `openai`.
    public var engineName: String
    public var version: String
    /// When the daemon did.
    public var started: Date
    let metrics = ControlMetrics()

    public init(
        catalog: Catalog, accounts: AccountService, actions: RecordingActions, queue: TranscriptionQueue,
        health: @escaping @Sendable () async -> WatchHealth, engineName: String, version: String,
        started: Date = Date()
    ) {
        self.catalog = catalog
        self.accounts = accounts
        self.actions = actions
        self.queue = queue
        self.health = health
        self.engineName = engineName
        self.version = version
        self.started = started
    }
}

/// HTTP/1.1 on a Unix socket.
public struct ControlServer: Service {
    public struct Settings: Hashable, Sendable {
        public var path: String
        /// Permission bits of the socket.
        public var mode: UInt16 = 0o660
        /// Name of the group that may connect; nil for the daemon's own.
        public var group: String?
        /// Connections at once.
        public var connections = 1024
        /// Bytes of a request's body, uploads apart.
        public var body = 1_048_576
        /// Bytes of an upload; what the intake takes and a little for its envelope.
        public var upload = 52_428_800 + 65_536

        public init(path: String) {
            self.path = path
        }
    }

    public init(_ settings: Settings, _ parts: ControlParts, logger: Logger) {
        fatalError("helper D1")
    }

    /// Serves until the service is told to stop.
    public func run() async throws {
        fatalError("helper D1")
    }
}
