import KotibCatalog
import KotibModel
import KotibText
import KotibWatch

/// All settings. An unknown key is an error that names the nearest known one.
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
        choice("queue.reuse", ReuseScope.allCases, \.queue.reuse),
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

    private static let archive = [
        number("archive.after_days", ["KOTIB_ARCHIVE_AFTER_DAYS"], 0...36_500, \.archive.afterDays),
        text("archive.folder", ["KOTIB_ARCHIVE_FOLDER"], \.archive.folder),
    ]

    private static let hooks = [
        list("hooks.program", [], \.hooks.program),
        text("hooks.url", [], \.hooks.url),
        text("hooks.secret", ["KOTIB_HOOKS_SECRET"], \.hooks.secret, secret: true),
        text("hooks.ca_file", [], \.hooks.certificateAuthorities),
        flag("hooks.plain_http", \.hooks.plain),
        seconds("hooks.timeout", 0.1...3600, \.hooks.timeout),
        flag("hooks.text", \.hooks.text),
    ]

    private static let quota = [
        integer("quota.bytes", [], 0...(1 << 53), \.quota.bytes),
        integer("quota.minutes_per_day", [], 0...1_000_000_000, \.quota.minutesPerDay),
        integer("quota.files", [], 0...(1 << 53), \.quota.files),
    ]

    private static let backup = [
        number("backup.hours", ["KOTIB_BACKUP_HOURS"], 0...8760, \.backup.hours)
    ]

    private static let control = [
        text("control.socket", ["KOTIB_SOCKET"], \.control.socket),
        text("control.mode", [], \.control.mode),
        text("control.group", [], \.control.group),
        integer("control.connections", [], 1...65_536, \.control.connections),
        list("control.trusted_proxies", [], \.control.trustedProxies),
    ]

    private static let accounts = [
        text("accounts.secret", ["SECRET_KEY"], \.accounts.secret, secret: true),
        integer(
            "accounts.token_life", ["ACCESS_TOKEN_EXPIRE_MINUTES"], 1...5_256_000, \.accounts.tokenLife),
        list("accounts.admins", [], \.accounts.admins),
        list("accounts.countries", [], \.accounts.countries),
        integer("accounts.codes_per_phone", [], 1...1000, \.accounts.codesPerPhone),
        integer("accounts.codes_per_peer", [], 1...100_000, \.accounts.codesPerPeer),
        integer("accounts.codes_per_minute", [], 1...100_000, \.accounts.codesPerMinute),
        integer("accounts.messages_per_day", [], 0...1_000_000, \.accounts.messagesPerDay),
    ]

    private static let sms = [
        choice("sms.sender", SMSSenderName.allCases, \.sms.sender),
        text("sms.file", [], \.sms.file),
        list("sms.command", [], \.sms.command),
        choice("sms.language", Language.allCases, \.sms.language),
        text("sms.text", [], \.sms.text),
        text("twilio.base_url", [], \.twilio.baseURL),
        text("twilio.account_sid", ["TWILIO_ACCOUNT_SID"], \.twilio.accountSID),
        text("twilio.auth_token", ["TWILIO_AUTH_TOKEN"], \.twilio.authToken, secret: true),
        text("twilio.phone_number", ["TWILIO_PHONE_NUMBER"], \.twilio.phoneNumber),
        text("twilio.messaging_service", [], \.twilio.messagingService),
    ]

    /// The names of systemd's credentials, and what each one sets.
    static let credentials = [
        "openai_api_key": "openai.api_key", "secret_key": "accounts.secret",
        "twilio_auth_token": "twilio.auth_token", "hooks_secret": "hooks.secret",
    ]
}
