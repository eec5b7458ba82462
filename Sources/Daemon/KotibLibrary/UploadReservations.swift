import KotibCatalog
import KotibModel
import Synchronization

/// Reserves space in users' quotas for running uploads, so that parallel ones get no more than sequential
/// ones. A reservation counts until the recording is accepted, which checks the quota for the last time
/// (``IngestStore/accept(_:identity:facts:under:)``), or the upload ends.
package final class UploadReservations: Sendable {
    fileprivate struct Reserved {
        var bytes: Int64 = 0
        var files: Int64 = 0
    }

    fileprivate let catalog: Catalog
    fileprivate let quotas: Quotas
    fileprivate let reserved = Mutex<[UserID: Reserved]>([:])

    package init(catalog: Catalog, quotas: Quotas) {
        self.catalog = catalog
        self.quotas = quotas
    }

    /// The reason to refuse one more upload of this size; nil if it fits.
    func refusal(of claim: QuotaClaim, by user: UserID) async throws(CatalogError) -> Rejection? {
        guard let owner = try await catalog.users.find(user) else { return nil }
        return reserved.withLock { refusal(of: claim, owner, beside: $0[user] ?? Reserved()) }
    }

    /// - Throws: ``Rejection``; ``CatalogError``.
    func reserve(_ size: Int64, for user: UserID) async throws -> UploadReservation {
        let reservation = UploadReservation(for: user, in: self)
        try await reservation.grow(to: size)
        return reservation
    }

    /// - Parameter others: reservations of other uploads.
    fileprivate func refusal(of claim: QuotaClaim, _ owner: User, beside others: Reserved) -> Rejection? {
        var use = owner.use.on(quotas.today)
        use.bytes = use.bytes.plus(others.bytes)
        use.files = use.files.plus(others.files)
        return quotas.limits.with(owner.quota).refusal(of: claim, beside: use)
    }
}

/// The reservation of one upload. Released with the last reference, at the latest.
final class UploadReservation: Sendable {
    private struct State {
        /// Nil once it is released, and before it has begun.
        var bytes: Int64?
    }

    /// Bytes that are reserved in advance, so that not every chunk has to ask.
    private static let step: Int64 = 1 << 20

    private let user: UserID
    private let reservations: UploadReservations
    private let state = Mutex(State())

    fileprivate init(for user: UserID, in reservations: UploadReservations) {
        self.user = user
        self.reservations = reservations
    }

    deinit { release() }

    /// Bytes that the upload may have without asking again.
    var size: Int64 { state.withLock { $0.bytes ?? 0 } }

    /// - Throws: ``Rejection`` where so much does not fit beside the user's files and other uploads under
    ///   way; ``CatalogError``.
    func grow(to size: Int64) async throws {
        guard let owner = try await reservations.catalog.users.find(user) else { return }
        var refusal: Rejection?
        for wanted in self.size == 0 ? [size] : [size.plus(Self.step), size] {
            refusal = reserve(wanted, owner)
            if refusal == nil { return }
        }
        if let refusal { throw refusal }
    }

    private func reserve(_ wanted: Int64, _ owner: User) -> Rejection? {
        reservations.reserved.withLock { reserved in
            state.withLock { state in
                var others = reserved[user] ?? UploadReservations.Reserved()
                if let own = state.bytes {
                    (others.bytes, others.files) = (others.bytes.minus(own), others.files - 1)
                }
                let claim = QuotaClaim(size: wanted, milliseconds: 0)
                if let refusal = reservations.refusal(of: claim, owner, beside: others) { return refusal }
                reserved[user] = UploadReservations.Reserved(
                    bytes: others.bytes.plus(wanted), files: others.files + 1)
                state.bytes = wanted
                return nil
            }
        }
    }

    /// To be called before the recording itself counts, so that its size does not count twice.
    func release() {
        reservations.reserved.withLock { reserved in
            state.withLock { state in
                guard let own = state.bytes, let all = reserved[user] else { return }
                state.bytes = nil
                reserved[user] =
                    all.files > 1
                    ? UploadReservations.Reserved(bytes: all.bytes.minus(own), files: all.files - 1) : nil
            }
        }
    }
}
