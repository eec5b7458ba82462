import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel

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
