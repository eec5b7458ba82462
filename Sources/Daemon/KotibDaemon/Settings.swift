import KotibCatalog
import KotibModel
import KotibText
import KotibWatch

/// A value as a file or the environment gives it.
enum SettingValue: Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case strings([String])
    case flag(Bool)
}

/// One setting: its name, the environment variables that override it, and how it is read and shown.
struct Setting: Sendable {
    /// As in the file, with its section: `watch.settle`.
    let key: String
    /// In rising precedence; the seed's names come last but one.
    let environment: [String]
    let secret: Bool
    let form: Form
    let show: @Sendable (Configuration) -> String

    /// How a value becomes a part of the configuration.
    enum Form: Sendable {
        case text(@Sendable (inout Configuration, String) -> Void)
        case integer(ClosedRange<Int>, @Sendable (inout Configuration, Int) -> Void)
        case seconds(ClosedRange<Double>, @Sendable (inout Configuration, Double) -> Void)
        case number(ClosedRange<Double>, @Sendable (inout Configuration, Double) -> Void)
        case list(@Sendable (inout Configuration, [String]) -> Void)
        case flag(@Sendable (inout Configuration, Bool) -> Void)
        case choice([String], @Sendable (inout Configuration, String) -> Void)
    }
}

/// All settings there are. An unknown one is an error that names the nearest.
enum Settings {
    static let all: [Setting] =
        top + intake + watch + queue + local + openai + control + accounts + sms + hooks + quota + archive
        + backup + log

    private static let top = [
        text("inbox", ["UPLOAD_DIR", "KOTIB_INBOX"], \.inbox),
        text("state", ["KOTIB_STATE"], \.state),
        text("database", [], \.database),
        flag("enroll", \.enroll),
    ]

    private static let intake = [
        list("intake.extensions", ["ALLOWED_EXTENSIONS"], \.intake.extensions),
        integer("intake.max_file_size", ["MAX_FILE_SIZE"], 1...(1 << 40), \.intake.maximumSize),
        seconds("intake.max_duration", 1...604_800, \.intake.maximumDuration),
        choice("intake.language", Language.allCases, \.intake.language),
    ]

    private static let watch = [
        choice("watch.mode", WatchConfiguration.Mode.allCases, \.watch.mode),
        seconds("watch.settle", 0.05...3600, \.watch.settle),
        seconds("watch.empty_after", 0.05...86_400, \.watch.emptyAfter),
        seconds("watch.open_after", 0...86_400, \.watch.openAfter),
        seconds("watch.incomplete_after", 0.05...604_800, \.watch.incompleteAfter),
        seconds("watch.rescan", 1...86_400, \.watch.rescan),
        seconds("watch.poll", 0.1...3600, \.watch.poll),
        list("watch.ignore", [], \.watch.ignore),
    ]

    private static let queue = [
        choice("queue.engine", EngineName.allCases, \.queue.engine, ["KOTIB_ENGINE"]),
        choice("queue.reuse", WordsReuse.allCases, \.queue.reuse),
        list("queue.other_engines", [], \.queue.otherEngines),
        integer("queue.jobs", [], 0...256, \.queue.jobs),
        integer("queue.attempts", [], 1...1000, \.queue.attempts),
        integer("queue.crashes", [], 1...100, \.queue.crashes),
        seconds("queue.stop_grace", 0...3600, \.queue.stopGrace),
    ]

    private static let local = [
        text("local.worker", ["KOTIB_WORKER"], \.local.worker),
        text("local.model", ["KOTIB_MODEL"], \.local.model),
        text("local.vad_model", ["KOTIB_VAD_MODEL"], \.local.vadModel),
        text("local.language", ["KOTIB_LANGUAGE"], \.local.language),
        integer("local.workers", [], 0...64, \.local.workers),
        integer("local.threads", [], 0...64, \.local.threads),
        integer("local.memory_limit", [], 0...1_048_576, \.local.memoryLimit),
        seconds("local.stall", 1...86_400, \.local.stall),
    ]

    private static let openai = [
        text("openai.base_url", ["OPENAI_BASE_URL"], \.openai.baseURL),
        text("openai.model", [], \.openai.model),
        text("openai.language", [], \.openai.language),
        text("openai.api_key", ["OPENAI_API_KEY"], \.openai.apiKey, secret: true),
        text("openai.ca_file", [], \.openai.certificateAuthorities),
        seconds("openai.connect_timeout", 0.1...600, \.openai.connectTimeout),
        seconds("openai.timeout", 1...86_400, \.openai.timeout),
        integer("openai.max_request", [], 1024...(1 << 40), \.openai.maximumRequest),
        list("openai.formats", ["KOTIB_OPENAI_FORMATS"], \.openai.formats),
        choice("openai.encode", UploadEncoding.allCases, \.openai.encode, ["KOTIB_OPENAI_ENCODE"]),
    ]

    private static let log = [
        choice("log.format", LogFormat.allCases, \.log.format, ["KOTIB_LOG_FORMAT"]),
        Setting(
            key: "log.level", environment: ["KOTIB_LOG_LEVEL"], secret: false,
            form: .choice(["debug", "info", "notice", "warning", "error"]) { $0.log.level = $1 },
            show: { "\"\($0.log.level)\"" }),
    ]
}
