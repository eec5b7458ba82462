// KotibControlServer: the control socket: routes that decode, call, encode.

import FoundationEssentials
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibHealth
import KotibHooks
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibTranscription
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The dependencies of the routes.
public final class ControlDependencies: Sendable {
    let catalog: Catalog
    let accounts: AccountService
    let actions: RecordingActions
    let uploads: UploadService
    let audio: RecordingAudio
    let queue: TranscriptionQueue
    let health: HealthSources
    /// `local` or `openai`.
    let engineName: String
    let version: String
    /// When the daemon did.
    let started: Date
    /// Requests a scan of the inbox: a new user may have made refused files acceptable.
    let rescan: @Sendable () async -> Void
    /// Of each hook that is set up.
    let hooks: @Sendable () async throws(CatalogError) -> [HookHealth]
    /// The quotas of the ingest pipeline.
    let quotas: Quotas
    /// The accepted file name extensions.
    let endings: Set<AudioFileExtension>
    let metrics = ControlMetrics()
    let bodies = RequestMemoryLimit()
    let answers = ResponseMemoryLimit()

    public init(
        catalog: Catalog, accounts: AccountService, actions: RecordingActions, uploads: UploadService,
        audio: RecordingAudio, queue: TranscriptionQueue,
        health: HealthSources, engineName: String, version: String,
        started: Date = Date(), rescan: @escaping @Sendable () async -> Void = {},
        hooks: @escaping @Sendable () async throws(CatalogError) -> [HookHealth] = {
            () async throws(CatalogError) in []
        }, quotas: Quotas = Quotas(), endings: Set<AudioFileExtension> = AudioFileExtension.all
    ) {
        self.catalog = catalog
        self.accounts = accounts
        self.actions = actions
        self.uploads = uploads
        self.audio = audio
        self.queue = queue
        self.health = health
        self.engineName = engineName
        self.version = version
        self.started = started
        self.rescan = rescan
        self.hooks = hooks
        self.quotas = quotas
        self.endings = endings
    }
}

/// HTTP/1.1 on a Unix socket.
public struct ControlServer: Service {
    public struct Settings: Hashable, Sendable {
        var path: String
        /// Permission bits of the socket.
        public var mode: UInt16 = 0o660
        /// Name of the group that may connect; nil for the daemon's own.
        public var group: String?
        /// The limit of connections, without some that are reserved for the operator.
        public var connections = 1024
        /// The size limit of an upload in bytes, its form included.
        public var upload = 52_428_800 + 65_536
        /// Users that web servers in front run as: their `X-Real-IP` is trusted, and they are never the
        /// operator.
        public var trustedProxies: Set<UInt32> = []
        /// The user beside root who is the operator.
        var owner: UInt32
        /// The timeouts of connections.
        var timeouts = ConnectionTimeoutHandler.Limits()

        public init(path: String, owner: UInt32) {
            self.path = path
            self.owner = owner
        }
    }

    private let settings: Settings
    private let socket: ListeningSocket
    private let router: ControlRouter
    private let metrics: ControlMetrics
    private let logger: Logger

    /// Creates the socket, or takes the one that systemd passed. Connections wait until ``run()``.
    /// - Throws: ``ListeningSocket/Failure``.
    public init(
        _ settings: Settings, _ parts: ControlDependencies, environment: [String: String], logger: Logger
    ) throws(ListeningSocket.Failure) {
        self.settings = settings
        self.logger = logger
        metrics = parts.metrics
        router = ControlRouter(settings: settings, parts: parts, logger: logger)
        if let passed = ListeningSocket.passed(environment) {
            socket = passed
        } else {
            socket = try ListeningSocket(path: settings.path, mode: settings.mode, group: settings.group)
        }
    }

    /// Serves until the service is told to stop; running responses are cut off then.
    public func run() async throws {
        defer { socket.removeName() }
        let acceptor = ConnectionAcceptor(
            settings: settings, router: router, metrics: metrics, logger: logger)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Read when there is room for more.
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // A client may close its sending half (shutdown(2)) and wait for the response.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Bytes that wait for a client who does not read are kept in memory: few of them.
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: ChunkedResponseWriter.size / 2, high: ChunkedResponseWriter.size)
            )
            .bind(socket.descriptor) { acceptor.open($0) }
        await cancelWhenGracefulShutdown {
            do {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { await connection?.serve() }
                        }
                    }
                }
            } catch is CancellationError {
                // The service stops.
            } catch {
                logger.error("control socket failed", metadata: ["cause": "\(error)"])
            }
        }
    }
}
