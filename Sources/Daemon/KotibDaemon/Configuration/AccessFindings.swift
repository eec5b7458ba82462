import Glibc
import KotibHooks
import KotibPOSIX

extension Configuration {
    /// Bytes.
    private static let longestSocketPath = ListeningSocket.longestPath

    func controlFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        if socketPath.utf8.count > Self.longestSocketPath {
            findings.append(
                .error(
                    "control.socket: \(socketPath) is longer than the \(Self.longestSocketPath) bytes that a "
                        + "socket's path may have; name a shorter one."))
        }
        switch socketMode {
        case nil:
            findings.append(
                .error("control.mode: \"\(control.mode)\" is no mode in octal such as \"0660\"."))
        case let mode? where mode & 0o002 != 0:
            findings.append(.warning("control.mode: every local user may connect and ask for codes."))
        default: break
        }
        if !control.group.isEmpty && getgrnam(control.group) == nil {
            findings.append(.error("control.group: there is no group \"\(control.group)\" on this machine."))
        }
        for name in control.trustedProxies where Self.userID(name) == nil {
            findings.append(.error("control.trusted_proxies: there is no user \"\(name)\" on this machine."))
        }
        return findings
    }

    func accountFindings() -> [ConfigurationFinding] {
        accounts.admins.filter { !Self.isPhonePrefix($0) || $0.count < 9 }.map {
            .error("accounts.admins: \"\($0)\" is no phone number such as \"+998901234567\".")
        }
            + accounts.countries.filter { !Self.isPhonePrefix($0) }.map {
                .error("accounts.countries: \"\($0)\" does not begin a phone number, as \"+998\" does.")
            }
            + smsFindings()
    }

    private func smsFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        if !sms.text.isEmpty && !sms.text.contains("{code}") {
            findings.append(.error("sms.text: the text must hold {code}, where the code is to stand."))
        }
        switch smsSender {
        case .auto, .file: break
        case .command:
            let program = sms.command.first ?? ""
            if access(program, X_OK) != 0 {
                findings.append(
                    .error("sms.command: there is no program \"\(program)\"; name it by its whole path."))
            }
        case .twilio:
            if twilio.accountSID.isEmpty || twilio.authToken.isEmpty {
                findings.append(
                    .error("twilio: account_sid and auth_token must be set; Twilio's console shows both."))
            }
            if twilio.phoneNumber.isEmpty && twilio.messagingService.isEmpty {
                findings.append(
                    .error("twilio: phone_number or messaging_service must say who the messages come from."))
            }
            if !twilio.baseURL.hasPrefix("https://") && !twilio.baseURL.hasPrefix("http://127.") {
                findings.append(.error("twilio.base_url: \"\(twilio.baseURL)\" must begin with https://."))
            }
        }
        return findings
    }

    /// Nil where it is no mode.
    var socketMode: UInt16? {
        UInt16(control.mode, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
    }

    /// The users of ``ControlSettings/trustedProxies`` that there are.
    var trustedProxies: Set<UInt32> {
        Set(control.trustedProxies.compactMap(Self.userID))
    }

    private static func userID(_ name: String) -> UInt32? {
        UInt32(name) ?? getpwnam(name)?.pointee.pw_uid
    }

    private static func isPhonePrefix(_ text: String) -> Bool {
        text.first == "+" && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
            && text.utf8.count <= 16
    }
}

/// Findings about hooks.
extension Configuration {
    static let noSecret =
        "hooks.secret: webhooks are signed with whsec_ and 24 to 64 bytes in base64; make it by "
        + "`echo whsec_$(openssl rand -base64 32)`, and put it into KOTIB_HOOKS_SECRET or the credential "
        + "hooks_secret."

    func hookFindings() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        if let program = hooks.program.first, !program.hasPrefix("/") || access(program, X_OK) != 0 {
            findings.append(
                .error("hooks.program: there is no program \"\(program)\"; name it by its whole path."))
        }
        guard !hooks.url.isEmpty else { return findings }
        switch WebhookAddress.fault(of: hooks.url, plain: hooks.plain) {
        case .malformed:
            findings.append(
                .error(
                    "hooks.url: \"\(hooks.url)\" is no address such as \"https://example.org/kotib\", without a "
                        + "user's name."))
        case .unencrypted:
            findings.append(
                .error(
                    "hooks.url: over http:// anybody on the way could read the words; use https://, or set "
                        + "hooks.plain_http = true."))
        case nil: break
        }
        if WebhookSecret(hooks.secret) == nil { findings.append(.error(Self.noSecret)) }
        if !hooks.certificateAuthorities.isEmpty && access(hooks.certificateAuthorities, R_OK) != 0 {
            findings.append(
                .error("hooks.ca_file: the certificates \(hooks.certificateAuthorities) cannot be read."))
        }
        return findings
    }
}
