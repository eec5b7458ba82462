import KotibText

/// What the control socket, people's accounts and messages to phones are set by.
extension Settings {
    static let control = [
        text("control.socket", ["KOTIB_SOCKET"], \.control.socket),
        text("control.mode", [], \.control.mode),
        text("control.group", [], \.control.group),
        integer("control.connections", [], 1...65_536, \.control.connections),
        list("control.trusted_proxies", [], \.control.trustedProxies),
    ]

    static let accounts = [
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

    static let sms = [
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
