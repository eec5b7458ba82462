import Glibc
import KotibCatalog
import KotibEngines
import KotibHTTP
import KotibHooks
import KotibModel
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol
import Logging
import ServiceLifecycle

/// The configured engines and their limits.
extension Configuration {
    /// The engines that users may be given: the daemon's own first.
    var engines: [EngineName] {
        let others = queue.otherEngines.compactMap(EngineName.init(rawValue:)).filter { $0 != queue.engine }
        return [queue.engine] + EngineName.allCases.filter(others.contains)
    }

    /// One lane for each engine, and the services that they need.
    func makeLanes(_ logger: Logger) throws -> (lanes: [EngineLane], services: [any Service]) {
        var (lanes, services): ([EngineLane], [any Service]) = ([], [])
        for name in engines {
            let (engine, service) = try makeEngine(name, logger)
            lanes.append(EngineLane(engine: engine, slots: slots(of: name), language: language(of: name)))
            if let service { services.append(service) }
        }
        return (lanes, services)
    }

    private func slots(of engine: EngineName) -> Int {
        if queue.jobs > 0 { return queue.jobs }
        return switch engine {
        case .local: layout.workers
        case .openai: 4
        }
    }

    private func language(of engine: EngineName) -> String? {
        let language =
            switch engine {
            case .local: local.language
            case .openai: openai.language
            }
        return language.isEmpty ? nil : language
    }
}

/// The remote engine, and the worker that re-encodes recordings for it.
extension Configuration {
    func makeOpenAIEngine(
        _ logger: Logger
    ) throws -> (engine: any TranscriptionEngine, service: (any Service)?) {
        let transfers = try HTTPClient(
            HTTPClient.Settings(
                userAgent: "kotib/\(Version.text)",
                certificateAuthorities: openai.certificateAuthorities.isEmpty
                    ? nil : openai.certificateAuthorities))
        let settings = KotibEngines.OpenAISettings(
            baseURL: openai.baseURL, model: openai.model, key: APIKey(openai.apiKey),
            uploadLimit: Int64(openai.maximumRequest), formats: uploadExtensions,
            connect: .seconds(openai.connectTimeout), total: .seconds(openai.timeout))
        guard let codec = openai.encode.codec else {
            return (try OpenAIEngine(settings, transfers: transfers), nil)
        }
        // A worker of its own: a long recording takes it minutes, and new files are not to wait for that.
        var workerLogger = logger
        workerLogger[metadataKey: "work"] = "encoding"
        let pool = WorkerPool(program: inspectorProgram, size: 1, logger: workerLogger)
        let encoder = SpeechEncoder(
            pool: pool, codec: codec, longestDuration: intake.maximumDuration, logger: logger)
        return (
            try OpenAIEngine(settings, transfers: transfers, encoder: encoder), WorkerService(pool: pool)
        )
    }

    /// Lower case, without the dot.
    var uploadExtensions: Set<String> { Set(openai.formats.map(Self.ending)) }

    static func ending(_ text: String) -> String { text.drop { $0 == "." }.lowercased() }
}

extension UploadEncoding {
    var codec: SpeechCodec? {
        switch self {
        case .opus: .opus
        case .flac: .flac
        case .none: nil
        }
    }
}

extension Configuration {

    /// Sets the receivers in the catalog, and returns the dispatcher to run.
    /// - Throws: ``CatalogError``, ``SystemError``, ``ConfigurationError``.
    func makeHooks(_ catalog: Catalog, _ logger: Logger) async throws -> HookDispatcher {
        var receivers: [any HookReceiving] = []
        let limit = Duration.seconds(hooks.timeout)
        if let program = hooks.program.first {
            receivers.append(
                ProgramHook(
                    program, Array(hooks.program.dropFirst()), inbox: inbox, limit: limit, logger: logger))
        }
        if !hooks.url.isEmpty {
            guard let secret = WebhookSecret(hooks.secret) else { throw ConfigurationError(Self.noSecret) }
            let transfers = try HTTPClient(
                HTTPClient.Settings(
                    userAgent: "kotib/\(Version.text)",
                    certificateAuthorities: hooks.certificateAuthorities.isEmpty
                        ? nil : hooks.certificateAuthorities,
                    threadName: "kotib-hooks"))
            receivers.append(Webhook(hooks.url, secret: secret, limit: limit, transfers: transfers))
        }
        return try await HookDispatcher(
            receivers, withText: hooks.text, catalog: catalog, logger: logger)
    }
}
