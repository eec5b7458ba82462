import Glibc
import KotibCatalog
import KotibHTTP
import KotibHooks
import KotibModel
import Logging

extension Configuration {
    public struct HooksSettings: Sendable {
        /// The program and its arguments. Empty: none.
        public var program: [String] = []
        /// Where webhooks go. Empty: nowhere.
        public var url = ""
        /// Never shown or logged.
        public var secret = ""
        /// A file of certificates in PEM form. Empty: the system's.
        public var certificateAuthorities = ""
        /// Whether webhooks may leave this machine by http.
        public var plain = false
        /// Seconds that one run of the program, or one request, may take.
        public var timeout = 30.0
        /// Whether the words are told too.
        public var text = true
    }

    /// Tells the catalog who is to be told what; what must run for it.
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
            let transfers = try HTTPTransfers(
                HTTPTransfers.Settings(
                    userAgent: "kotib/\(Version.text)",
                    certificateAuthorities: hooks.certificateAuthorities.isEmpty
                        ? nil : hooks.certificateAuthorities,
                    threadName: "kotib-hooks"))
            receivers.append(Webhook(hooks.url, secret: secret, limit: limit, transfers: transfers))
        }
        return try await HookDispatcher(
            receivers, withText: hooks.text, catalog: catalog, logger: logger)
    }

    private static let noSecret =
        "hooks.secret: webhooks are signed with whsec_ and 24 to 64 bytes in base64; make it by "
        + "`echo whsec_$(openssl rand -base64 32)`, and put it into KOTIB_HOOKS_SECRET or the credential "
        + "hooks_secret."

    func hookFindings() -> [Finding] {
        var findings: [Finding] = []
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

/// What hooks are set by.
extension Settings {
    static let hooks = [
        list("hooks.program", [], \.hooks.program),
        text("hooks.url", [], \.hooks.url),
        text("hooks.secret", ["KOTIB_HOOKS_SECRET"], \.hooks.secret, secret: true),
        text("hooks.ca_file", [], \.hooks.certificateAuthorities),
        flag("hooks.plain_http", \.hooks.plain),
        seconds("hooks.timeout", 0.1...3600, \.hooks.timeout),
        flag("hooks.text", \.hooks.text),
    ]
}
