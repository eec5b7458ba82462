import KotibText

extension Configuration {
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
        /// How the numbers begin that codes are sent to.
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
        /// Empty: the language's own. With `{code}` in it.
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

    /// The sender that `auto` stands for.
    var smsSender: SMSSenderName {
        guard sms.sender == .auto else { return sms.sender }
        if !twilio.accountSID.isEmpty { return .twilio }
        return sms.command.isEmpty ? .file : .command
    }

    var smsFile: String {
        sms.file.isEmpty ? state + "/sms.jsonl" : sms.file
    }
}

public enum SMSSenderName: String, Sendable, CaseIterable {
    /// Twilio where an account is set, else the command where one is, else the file.
    case auto
    case file, command, twilio
}
