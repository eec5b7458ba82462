import KotibCatalog
import KotibModel
import KotibText
import KotibWatch

/// Every setting, with its default. The file in etc/ explains them; ``Settings`` names and checks them.
public struct Configuration: Sendable {
    public var inbox = "/var/lib/kotib/inbox"
    public var state = "/var/lib/kotib"
    /// Empty: `kotib.sqlite` in the state folder.
    public var database = ""
    /// Whether a new first-level folder becomes a user's inbox by itself.
    public var enroll = true
    public var intake = IntakeSettings()
    public var watch = WatchSettings()
    public var queue = QueueSettings()
    public var local = LocalSettings()
    public var openai = OpenAISettings()
    public var control = ControlSettings()
    public var accounts = AccountsSettings()
    public var sms = SMSSettings()
    public var twilio = TwilioSettings()
    public var hooks = HooksSettings()
    public var quota = QuotaSettings()
    public var archive = ArchiveSettings()
    public var backup = BackupSettings()
    public var log = LogSettings()

    public init() {}

    public struct IntakeSettings: Sendable {
        /// With or without a leading dot, any case.
        public var extensions = [".mp3", ".wav", ".m4a", ".flac"]
        /// Bytes.
        public var maximumSize = 52_428_800
        /// Seconds.
        public var maximumDuration = 43_200.0
        /// The language of notes beside refused files.
        public var language = Language.english
    }

    public struct WatchSettings: Sendable {
        public var mode = WatchConfiguration.Mode.auto
        /// Seconds, as all numbers below.
        public var settle = 1.0
        public var emptyAfter = 10.0
        public var openAfter = 60.0
        public var incompleteAfter = 600.0
        public var rescan = 300.0
        public var poll = 10.0
        /// Patterns of names, in addition to the built-in ones.
        public var ignore: [String] = []
    }

    public struct QueueSettings: Sendable {
        public var engine = EngineName.local
        /// The scope in which transcripts are reused for the same content.
        public var reuse = ReuseScope.own
        /// Further engines that users may be given.
        public var otherEngines: [String] = []
        /// 0: as many as the engine has workers, or 4 for a remote one.
        public var jobs = 0
        public var attempts = 8
        /// The number of attempts for a recording that crashes the worker.
        public var crashes = 3
        /// Seconds.
        public var stopGrace = 10.0
    }

    public struct LocalSettings: Sendable {
        /// Empty: beside `kotibd`.
        public var worker = ""
        public var model = "/usr/local/share/kotib/models/ggml-base-q8_0.bin"
        public var vadModel = "/usr/local/share/kotib/models/ggml-silero-v6.2.0.bin"
        /// ISO 639-1, or empty to detect.
        public var language = ""
        /// 0: as fits the machine.
        public var workers = 0
        /// Of one worker. 0: as fits the machine.
        public var threads = 0
        /// MiB of address space. 0: the model's size and 2 GiB.
        public var memoryLimit = 0
        /// Seconds without a sign of life.
        public var stall = 300.0
    }

    public struct OpenAISettings: Sendable {
        public var baseURL = "https://api.openai.com/v1"
        public var model = "whisper-1"
        public var language = ""
        /// Never shown or logged.
        public var apiKey = ""
        public var certificateAuthorities = ""
        /// Seconds.
        public var connectTimeout = 10.0
        /// Seconds for a whole request.
        public var timeout = 600.0
        /// Bytes of a whole request.
        public var maximumRequest = 26_214_400
        /// File name extensions that the server accepts, with or without a leading dot, any case.
        public var formats = [
            ".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm", ".oga", ".opus",
        ]
        /// The encoding for other recordings, and for those that are too large.
        public var encode = UploadEncoding.opus
    }

    public struct LogSettings: Sendable {
        public var format = LogFormat.logfmt
        public var level = "info"
    }

    public struct ControlSettings: Sendable {
        /// Empty: `kotib.sock` in the state folder.
        public var socket = ""
        /// Permission bits in octal.
        public var mode = "0660"
        /// Empty: the daemon's own.
        public var group = ""
        /// At once.
        public var connections = 1024
        /// Names or numbers of the users that web servers in front run as.
        public var trustedProxies: [String] = []
    }

    public struct AccountsSettings: Sendable {
        /// Never shown or logged. Empty: made at the first start, in the state folder.
        public var secret = ""
        /// Minutes.
        public var tokenLife = 43_200
        /// Phone numbers.
        public var admins: [String] = []
        /// Prefixes of the numbers that codes are sent to.
        public var countries = ["+998"]
        /// Codes a day for one number.
        public var codesPerPhone = 10
        /// Codes an hour for one peer.
        public var codesPerPeer = 20
        /// Codes a minute in all.
        public var codesPerMinute = 60
        /// Messages a day in all.
        public var messagesPerDay = 500
    }

    public struct SMSSettings: Sendable {
        public var sender = SMSSenderName.auto
        /// Empty: `sms.jsonl` in the state folder.
        public var file = ""
        /// The program and its arguments.
        public var command: [String] = []
        public var language = Language.uzbek
        /// Empty: the default text of the language. Must contain `{code}`.
        public var text = ""
    }

    public struct TwilioSettings: Sendable {
        public var baseURL = "https://api.twilio.com"
        public var accountSID = ""
        /// Never shown or logged.
        public var authToken = ""
        /// The sender's number.
        public var phoneNumber = ""
        /// Instead of a number.
        public var messagingService = ""
    }

    public struct HooksSettings: Sendable {
        /// The program and its arguments. Empty: none.
        public var program: [String] = []
        /// The URL of webhooks. Empty: none are sent.
        public var url = ""
        /// Never shown or logged.
        public var secret = ""
        /// A file of certificates in PEM form. Empty: the system's.
        public var certificateAuthorities = ""
        /// Whether webhooks may leave this machine by http.
        public var plain = false
        /// Seconds that one run of the program, or one request, may take.
        public var timeout = 30.0
        /// Whether events include the words.
        public var text = true
    }

    /// Limits of users without limits of their own. 0: no limit.
    public struct QuotaSettings: Sendable {
        /// Of the recordings in the folder.
        public var bytes = 0
        /// Of sound that is taken in.
        public var minutesPerDay = 0
        /// Recordings in the folder.
        public var files = 0
    }

    public struct ArchiveSettings: Sendable {
        /// Days that a recording rests before its audio is archived. 0: it never is.
        public var afterDays = 0.0
        /// Absolute. Empty: none.
        public var folder = ""
    }

    public struct BackupSettings: Sendable {
        /// Hours between two backups of the catalog. 0: none are made.
        public var hours = 24.0
    }

    /// The path of the control socket.
    public var socketPath: String {
        control.socket.isEmpty ? state + "/kotib.sock" : control.socket
    }

    /// The path of the catalog.
    public var databasePath: String {
        database.isEmpty ? state + "/kotib.sqlite" : database
    }
}

public enum LogFormat: String, Sendable, CaseIterable {
    case logfmt, json
}

public enum SMSSenderName: String, Sendable, CaseIterable {
    /// Twilio if an account is set, else the command if there is one, else the file.
    case auto
    case file, command, twilio
}

/// The codec for recordings that a server does not accept.
public enum UploadEncoding: String, Sendable, CaseIterable {
    case opus, flac, none
}

/// An invalid setting, in a sentence that names it and says what to do.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}
