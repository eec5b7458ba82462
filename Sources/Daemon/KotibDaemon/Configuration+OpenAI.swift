import KotibEngines
import KotibHTTP
import KotibModel
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol
import Logging
import ServiceLifecycle

/// The engine that sends recordings elsewhere, and the worker that makes them fit.
extension Configuration {
    func makeOpenAIEngine(
        _ logger: Logger
    ) throws -> (engine: any TranscriptionEngine, service: (any Service)?) {
        let transfers = try HTTPTransfers(
            HTTPTransfers.Settings(
                userAgent: "kotib/\(Version.text)",
                certificateAuthorities: openai.certificateAuthorities.isEmpty
                    ? nil : openai.certificateAuthorities))
        let settings = KotibEngines.OpenAISettings(
            baseURL: openai.baseURL, model: openai.model, key: APIKey(openai.apiKey),
            uploadLimit: Int64(openai.maximumRequest), formats: uploadEndings,
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
    private var uploadEndings: Set<String> { Set(openai.formats.map(Self.ending)) }

    private static func ending(_ text: String) -> String { text.drop { $0 == "." }.lowercased() }

    /// What is wrong with the kinds of recordings that are said to be taken.
    func uploadFindings() -> [Finding] {
        let strange = openai.formats.filter { text in
            let ending = Self.ending(text)
            return ending.isEmpty || ending.count > 8
                || !ending.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        let findings = strange.map { text in
            Finding.error("openai.formats: \"\(text)\" is no ending of a name, such as \".mp3\".")
        }
        guard let codec = openai.encode.codec else { return findings + undocumentedFindings() }
        if uploadEndings.contains(codec.fileExtension) { return findings }
        return findings + [
            .error(
                "openai.encode: \"\(openai.encode.rawValue)\" makes .\(codec.fileExtension), which openai.formats "
                    + "does not list; add it there, or set openai.encode to another.")
        ]
    }

    /// What is sent as it is, and may be refused. A server of one's own may take more than OpenAI does.
    private func undocumentedFindings() -> [Finding] {
        guard openai.baseURL.contains("api.openai.com") else { return [] }
        let strange = intake.extensions.compactMap { RecordingEnding($0)?.rawValue }.filter {
            !KotibEngines.OpenAISettings.documentedEndings.contains($0)
        }
        guard !strange.isEmpty else { return [] }
        let list = strange.map { "." + $0 }.joined(separator: " ")
        return [
            .warning(
                "intake.extensions: OpenAI does not say that it takes \(list); such a recording may fail there. "
                    + "With openai.encode = \"opus\" it is re-encoded, and the local engine takes it.")
        ]
    }
}

extension UploadEncoding {
    fileprivate var codec: SpeechCodec? {
        switch self {
        case .opus: .opus
        case .flac: .flac
        case .none: nil
        }
    }
}
