import KotibCatalog
import KotibModel
import KotibText
import KotibWatch

/// Every setting, with its default. The file in etc/ explains them; ``Settings`` names and checks them.
struct Configuration: Sendable {
    var inbox = "/var/lib/kotib/inbox"
    var state = "/var/lib/kotib"
    /// Empty: `kotib.sqlite` in the state folder.
    var database = ""
    /// Whether a new first-level folder becomes a user's inbox by itself.
    var enroll = true
    var intake = IntakeSettings()
    var watch = WatchSettings()
    var queue = QueueSettings()
    var local = LocalSettings()
    var openai = OpenAISettings()
    var control = ControlSettings()
    var accounts = AccountsSettings()
    var sms = SMSSettings()
    var twilio = TwilioSettings()
    var hooks = HooksSettings()
    var quota = QuotaSettings()
    var archive = ArchiveSettings()
    var backup = BackupSettings()
    var log = LogSettings()

    init() {}

    struct IntakeSettings: Sendable {
        /// With or without a leading dot, any case.
        var extensions = [".mp3", ".wav", ".m4a", ".flac"]
        /// Bytes.
        var maximumSize = 52_428_800
        /// Seconds.
        var maximumDuration = 43_200.0
        /// The language of notes beside refused files.
        var language = Language.english
    }

    struct WatchSettings: Sendable {
        var mode = WatchConfiguration.Mode.auto
        /// Seconds, as all numbers below.
        var settle = 1.0
        var emptyAfter = 10.0
        var openAfter = 60.0
        var incompleteAfter = 600.0
        var rescan = 300.0
        var poll = 10.0
        /// Patterns of names, in addition to the built-in ones.
        var ignore: [String] = []
    }

    struct QueueSettings: Sendable {
        var engine = EngineName.local
        /// The scope in which transcripts are reused for the same content.
        var reuse = ReuseScope.own
        /// Further engines that users may be given.
        var otherEngines: [String] = []
        /// 0: as many as the engine has workers, or 4 for a remote one.
        var jobs = 0
        var attempts = 8
        /// The number of attempts for a recording that crashes the worker.
        var crashes = 3
        /// Seconds.
        var stopGrace = 10.0
    }

    struct LocalSettings: Sendable {
        /// Empty: beside `kotibd`.
        var worker = ""
        var model = "/usr/local/share/kotib/models/ggml-base-q8_0.bin"
        var vadModel = "/usr/local/share/kotib/models/ggml-silero-v6.2.0.bin"
        /// ISO 639-1, or empty to detect.
        var language = ""
        /// 0: as fits the machine.
        var workers = 0
        /// Of one worker. 0: as fits the machine.
        var threads = 0
        /// MiB of address space. 0: the model's size and 2 GiB.
        var memoryLimit = 0
        /// Seconds without a sign of life.
        var stall = 300.0
    }

    struct OpenAISettings: Sendable {
        var baseURL = "https://api.openai.com/v1"
        var model = "whisper-1"
        var language = ""
        /// Never shown or logged.
        var apiKey = ""
        var certificateAuthorities = ""
        /// Seconds.
        var connectTimeout = 10.0
        /// Seconds for a whole request.
        var timeout = 600.0
        /// Bytes of a whole request.
        var maximumRequest = 26_214_400
        /// File name extensions that the server accepts, with or without a leading dot, any case.
        var formats = [
            ".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm", ".oga", ".opus",
        ]
        /// The encoding for other recordings, and for those that are too large.
        var encode = UploadEncoding.opus
    }

    struct LogSettings: Sendable {
        var format = LogFormat.logfmt
        var level = "info"
    }

    struct ControlSettings: Sendable {
        /// Empty: `kotib.sock` in the state folder.
        var socket = ""
        /// Permission bits in octal.
        var mode = "0660"
        /// Empty: the daemon's own.
        var group = ""
        /// At once.
        var connections = 1024
        /// Names or numbers of the users that web servers in front run as.
        var trustedProxies: [String] = []
    }

    struct AccountsSettings: Sendable {
        /// Never shown or logged. Empty: made at the first start, in the state folder.
        var secret = ""
        /// Minutes.
        var tokenLife = 43_200
        /// Phone numbers.
        var admins: [String] = []
        /// Prefixes of the numbers that codes are sent to.
        var countries = ["+998"]
        /// Codes a day for one number.
        var codesPerPhone = 10
        /// Codes an hour for one peer.
        var codesPerPeer = 20
        /// Codes a minute in all.
        var codesPerMinute = 60
        /// Messages a day in all.
        var messagesPerDay = 500
    }

    struct SMSSettings: Sendable {
        var sender = SMSSenderName.auto
        /// Empty: `sms.jsonl` in the state folder.
        var file = ""
        /// The program and its arguments.
        var command: [String] = []
        var language = Language.uzbek
        /// Empty: the default text of the language. Must contain `{code}`.
        var text = ""
    }

    struct TwilioSettings: Sendable {
        var baseURL = "https://api.twilio.com"
        var accountSID = ""
        /// Never shown or logged.
        var authToken = ""
        /// The sender's number.
        var phoneNumber = ""
        /// Instead of a number.
        var messagingService = ""
    }

    struct HooksSettings: Sendable {
        /// The program and its arguments. Empty: none.
        var program: [String] = []
        /// The URL of webhooks. Empty: none are sent.
        var url = ""
        /// Never shown or logged.
        var secret = ""
        /// A file of certificates in PEM form. Empty: the system's.
        var certificateAuthorities = ""
        /// Whether webhooks may leave this machine by http.
        var plain = false
        /// Seconds that one run of the program, or one request, may take.
        var timeout = 30.0
        /// Whether events include the words.
        var text = true
    }

    /// Limits of users without limits of their own. 0: no limit.
    struct QuotaSettings: Sendable {
        /// Of the recordings in the folder.
        var bytes = 0
        /// Of sound that is taken in.
        var minutesPerDay = 0
        /// Recordings in the folder.
        var files = 0
    }

    struct ArchiveSettings: Sendable {
        /// Days that a recording rests before its audio is archived. 0: it never is.
        var afterDays = 0.0
        /// Absolute. Empty: none.
        var folder = ""
    }

    struct BackupSettings: Sendable {
        /// Hours between two backups of the catalog. 0: none are made.
        var hours = 24.0
    }

    /// The path of the control socket.
    var socketPath: String {
        control.socket.isEmpty ? state + "/kotib.sock" : control.socket
    }

    /// The path of the catalog.
    var databasePath: String {
        database.isEmpty ? state + "/kotib.sqlite" : database
    }

    var stateLockPath: String { state + "/kotibd.lock" }

    /// Beside the catalog, which need not be in the state folder.
    var catalogLockPath: String { databasePath + ".lock" }
}

enum LogFormat: String, Sendable, CaseIterable {
    case logfmt, json
}

enum SMSSenderName: String, Sendable, CaseIterable {
    /// Twilio if an account is set, else the command if there is one, else the file.
    case auto
    case file, command, twilio
}

/// The codec for recordings that a server does not accept.
enum UploadEncoding: String, Sendable, CaseIterable {
    case opus, flac, none
}

/// An invalid setting, in a sentence that names it and says what to do.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
