import KotibCatalog
import KotibModel
import Synchronization

/// What the uploads under way are going to take of their users' quotas: many at once get no more than one after the
/// other. It counts until a recording is taken in, which looks at the quota for the last time
/// (``Catalog/accept(_:identity:facts:under:)``), or the upload is over.
final class UploadRoom: Sendable {
    fileprivate struct Taken {
        var bytes: Int64 = 0
        var files: Int64 = 0
    }

    fileprivate let taken = Mutex<[UserID: Taken]>([:])

    /// Why one more upload of this size would be refused; nil where there is room for it.
    func refusal(
        of claim: QuotaClaim, by user: UserID, in catalog: Catalog, under quotas: Quotas
    ) async throws(CatalogError) -> Rejection? {
        guard let owner = try await catalog.user(user) else { return nil }
        return taken.withLock { Self.refusal(of: claim, owner, $0[user] ?? Taken(), quotas) }
    }

    /// - Throws: ``Rejection``; ``CatalogError``.
    func share(
        of user: UserID, size: Int64, in catalog: Catalog, under quotas: Quotas
    ) async throws -> UploadShare {
        let share = UploadShare(of: user, in: self)
        try await share.grow(to: size, in: catalog, under: quotas)
        return share
    }

    /// - Parameter taken: by other uploads.
    fileprivate static func refusal(
        of claim: QuotaClaim, _ owner: User, _ taken: Taken, _ quotas: Quotas
    ) -> Rejection? {
        var use = owner.use.on(quotas.today)
        use.bytes += taken.bytes
        use.files += taken.files
        return quotas.limits.with(owner.quota).refusal(of: claim, beside: use)
    }
}

/// What one upload takes. Given back with the last reference, at the latest.
final class UploadShare: Sendable {
    private struct State {
        /// Nil once it is over, and before it has begun.
        var bytes: Int64?
    }

    /// Bytes that are asked for beyond what is needed, so that not every piece asks.
    private static let step: Int64 = 1 << 20

    private let user: UserID
    private let room: UploadRoom
    private let state = Mutex(State())

    fileprivate init(of user: UserID, in room: UploadRoom) {
        self.user = user
        self.room = room
    }

    deinit { giveBack() }

    /// Bytes that the upload may have without asking again.
    var size: Int64 { state.withLock { $0.bytes ?? 0 } }

    /// - Throws: ``Rejection`` where so much does not fit beside what there is and what else is under way;
    ///   ``CatalogError``.
    func grow(to size: Int64, in catalog: Catalog, under quotas: Quotas) async throws {
        guard let owner = try await catalog.user(user) else { return }
        var refusal: Rejection?
        for wanted in self.size == 0 ? [size] : [size + Self.step, size] {
            refusal = take(wanted, owner, quotas)
            if refusal == nil { return }
        }
        if let refusal { throw refusal }
    }

    private func take(_ wanted: Int64, _ owner: User, _ quotas: Quotas) -> Rejection? {
        room.taken.withLock { taken in
            state.withLock { state in
                var others = taken[user] ?? UploadRoom.Taken()
                if let own = state.bytes {
                    (others.bytes, others.files) = (others.bytes - own, others.files - 1)
                }
                let claim = QuotaClaim(size: wanted, milliseconds: 0)
                if let refusal = UploadRoom.refusal(of: claim, owner, others, quotas) { return refusal }
                taken[user] = UploadRoom.Taken(bytes: others.bytes + wanted, files: others.files + 1)
                state.bytes = wanted
                return nil
            }
        }
    }

    /// To be called before the recording itself counts, so that nothing counts twice.
    func giveBack() {
        room.taken.withLock { taken in
            state.withLock { state in
                guard let own = state.bytes, let all = taken[user] else { return }
                state.bytes = nil
                taken[user] =
                    all.files > 1 ? UploadRoom.Taken(bytes: all.bytes - own, files: all.files - 1) : nil
            }
        }
    }
}
