import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText

/// `users/…`: for admins, and for one's own account.
struct UserRoutes {
    static let largestPage = 1000
    /// Bytes.
    static let largestBody = 65_536
    /// About, in a list.
    private static let bytesOfUser = 1024

    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.get("users", use: list)
        routes.post("users", use: add)
        routes.get("users/{id}", use: show)
        routes.patch("users/{id}", use: change)
    }

    @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
        let caller = try context.requireAdmin()
        let query = QueryParameters(request)
        let skip = try query.number("skip", within: 0...Int.max) ?? 0
        let limit = try query.number("limit", within: 1...Self.largestPage) ?? 100
        let name = query.text("name")
        let (users, total) = try await answering { () async throws(AccountError) in
            try await parts.accounts.users(named: name, skip: skip, limit: limit)
        }
        let share = try parts.answers.demand(users.count * Self.bytesOfUser, for: caller.limitKey)
        return try ControlJSON.response(
            UserListBody(items: users.map(shown), total: total, skip: skip, limit: limit), keeping: share)
    }

    @Sendable private func add(_ request: Request, _ context: ControlContext) async throws -> Response {
        _ = try context.requireAdmin()
        let body = try await ControlJSON.decode(AddUserRequest.self, from: request, upTo: Self.largestBody)
        let role = try body.role.map(role) ?? .user
        let phone = body.phoneNumber.flatMap { $0.isEmpty ? nil : $0 }
        let user = try await answering { () async throws(AccountError) in
            try await parts.accounts.add(name: body.name, phone: phone, role: role)
        }
        // Files that were refused because there was no such user are accepted now.
        await parts.rescan()
        return try ControlJSON.response(
            shown(user), status: .created, headers: [.location: "/api/v1/users/\(user.id)"])
    }

    @Sendable private func show(_ request: Request, _ context: ControlContext) async throws -> Response {
        let id = try permitted(context).id
        let user = try await answering { () async throws(AccountError) in try await parts.accounts.user(id) }
        guard let user else { throw ControlFailure(.notFound, .notFound, .noSuchUser) }
        return try ControlJSON.response(shown(user))
    }

    @Sendable private func change(_ request: Request, _ context: ControlContext) async throws -> Response {
        let (id, isAdmin) = try permitted(context)
        let body = try await ControlJSON.decode(ChangeUserRequest.self, from: request, upTo: Self.largestBody)
        guard isAdmin || body.isAllowedForOwnAccount else {
            throw ControlFailure(.forbidden, .forbidden, .forbidden)
        }
        var change = UserChange(
            phone: body.phoneNumber, role: try body.role.map(role), isActive: body.isActive,
            sidecars: try body.sidecars.map(formats), language: try body.language.map(language),
            engine: try body.engine.map(engine))
        change.quota = try quota(body)
        let user = try await answering { () async throws(AccountError) in
            try await parts.accounts.change(id, change)
        }
        return try ControlJSON.response(shown(user))
    }

    private func shown(_ user: User) -> UserBody { UserBody(user, under: parts.quotas) }

    /// The user of the path: any for an admin, else only the caller. Reveals no other user's existence.
    private func permitted(_ context: ControlContext) throws -> (id: UserID, isAdmin: Bool) {
        let caller = try context.requireCaller()
        let id = UserID(rawValue: try context.number("id"))
        guard caller.isAdmin || caller.scope == .only(id) else {
            throw ControlFailure(.forbidden, .forbidden, .forbidden)
        }
        return (id, caller.isAdmin)
    }

    private func role(_ name: String) throws(ControlFailure) -> Role {
        guard let role = Role(rawValue: name) else { throw .invalid("role") }
        return role
    }

    /// Each once, in the order given.
    private func formats(_ names: [String]) throws(ControlFailure) -> [TranscriptFormat] {
        var formats: [TranscriptFormat] = []
        for name in names {
            guard let format = TranscriptFormat(rawValue: name) else { throw .invalid("sidecars") }
            if !formats.contains(format) { formats.append(format) }
        }
        return formats
    }

    /// An ISO 639-1 code, or empty.
    private func language(_ code: String) throws(ControlFailure) -> String {
        let isCode = code.utf8.count == 2 && code.utf8.allSatisfy { (0x61...0x7A).contains($0) }
        guard code.isEmpty || isCode else { throw .invalid("language") }
        return code
    }
}

extension UserRoutes {
    /// The name of an engine, or empty; whether there is one of that name now is for the accounts to say.
    private func engine(_ name: String) throws(ControlFailure) -> UserChange.Engine {
        if name.isEmpty { return .daemons }
        guard let engine = EngineName(rawValue: name) else { throw .invalid("engine") }
        return .own(engine)
    }
}

extension UserBody {
    init(_ user: User, under quotas: Quotas) {
        self.init(
            id: user.id.rawValue, name: user.folder.text, phoneNumber: user.phone,
            role: user.role.rawValue, isActive: user.isActive, createdAt: Timestamp.text(user.created),
            sidecars: user.settings.sidecars.map(\.rawValue), language: user.settings.language,
            engine: user.settings.engine?.rawValue, quota: QuotaBody(user, under: quotas))
    }
}

extension QuotaBody {
    init(_ user: User, under quotas: Quotas) {
        let limits = quotas.limits.with(user.quota)
        let use = user.use.on(quotas.today)
        // Hundredths of a minute.
        let minutes = (Double(use.milliseconds) / 600).rounded() / 100
        self.init(
            bytes: Part(limits.bytes, used: Double(use.bytes), isOwn: user.quota.bytes != nil),
            files: Part(limits.files, used: Double(use.files), isOwn: user.quota.files != nil),
            minutesPerDay: Part(
                limits.minutesPerDay, used: minutes, isOwn: user.quota.minutesPerDay != nil))
    }
}

extension QuotaBody.Part {
    /// - Parameter limit: 0 for none.
    fileprivate init(_ limit: Int64, used: Double, isOwn: Bool) {
        self.init(limit: limit > 0 ? limit : nil, used: used, isOwn: isOwn)
    }
}

extension UserRoutes {
    /// More is no JSON number that every client can read (RFC 8259, section 6).
    private static let largestQuota: Int64 = 1 << 53
    private static let maxMinutes: Int64 = 1_000_000_000

    func quota(_ body: ChangeUserRequest) throws(ControlFailure) -> UserChange.Quota {
        UserChange.Quota(
            bytes: try limit(body.quotaBytes, upTo: Self.largestQuota, "quota_bytes"),
            files: try limit(body.quotaFiles, upTo: Self.largestQuota, "quota_files"),
            minutesPerDay: try limit(body.quotaMinutes, upTo: Self.maxMinutes, "quota_minutes"))
    }

    private func limit(
        _ number: Int64?, upTo most: Int64, _ name: String
    ) throws(ControlFailure) -> UserChange.Quota.Limit? {
        guard let number else { return nil }
        if number == ChangeUserRequest.daemonDefaultQuota { return .daemons }
        guard (0...most).contains(number) else { throw .invalid(name) }
        return .own(number)
    }
}
