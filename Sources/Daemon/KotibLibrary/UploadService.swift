import Glibc
import KotibCatalog
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import Logging

/// Begins uploads into users' folders.
public struct UploadService: Sendable {
    private let files: any FileSystem
    private let policy: IntakePolicy
    private let catalog: Catalog
    private let reservations: UploadReservations
    private let completion: UploadCompletion
    private let logger: Logger

    package init(
        files: any FileSystem, policy: IntakePolicy, catalog: Catalog, reservations: UploadReservations,
        completion: UploadCompletion, logger: Logger
    ) {
        self.files = files
        self.policy = policy
        self.catalog = catalog
        self.reservations = reservations
        self.completion = completion
        self.logger = logger
    }

    /// The reason to refuse an upload before it is read; nil if it may succeed.
    /// - Parameter size: the minimum size of the file in bytes; 0 if it is not known.
    public func refusal(
        ofUploadTo user: UserID, atLeast size: Int64
    ) async throws(CatalogError) -> Rejection? {
        // Any recording takes some room and some time.
        let claim = QuotaClaim(size: max(1, size), milliseconds: 1)
        let rejection = try await reservations.refusal(of: claim, by: user)
        if let rejection {
            logger.notice(
                "upload refused",
                metadata: ["user": "\(user)", "size": "\(size)", "reason": "\(rejection.code)"])
        }
        return rejection
    }

    /// Begins an upload into a user's folder, which is made where it is missing.
    /// - Parameters:
    ///   - name: as the client calls the file; where it is taken, ` (2)` and so on is put before the ending.
    ///   - size: bytes that the file has at least; 0 where that is not known. They count against the quota
    ///     from now on.
    /// - Throws: ``Rejection`` where no file of that name or size is taken, or there is no room for it;
    ///   ``UploadError``; ``FileError``; ``CatalogError``.
    public func upload(_ name: String, to user: UserID, atLeast size: Int64 = 0) async throws -> Upload {
        let name = UploadName(name)
        let ending = name.bytes(1).flatMap(IntakePolicy.fileExtension)
        guard let ending, policy.extensions.contains(ending) else {
            throw Rejection.unsupportedExtension(accepted: policy.extensions)
        }
        guard size <= policy.maximumSize else {
            throw Rejection.tooLarge(size: size, limit: policy.maximumSize)
        }
        guard let place = try await catalog.users.folderOwner(of: user) else {
            throw UploadError.noSuchUser(user)
        }
        let folder = place.folder.path
        let reservation = try await reservations.reserve(size, for: user)
        let (files, logger) = (files, logger)
        let (file, owner) = try await BlockingWork.run {
            let opened = try files.ensureFolder(folder)
            let owner = try Self.owner(of: opened, folder, files, noted: place.owner, logger)
            return (try AtomicFile(files).begin(in: opened), owner)
        }
        // From here on the upload removes the file where it is not finished.
        let upload = Upload(
            into: file, as: UploadTarget(name: name, folder: folder, user: user), files: files,
            maximumSize: policy.maximumSize, reservation: reservation, completion: completion, logger: logger)
        if place.owner == nil {
            try await catalog.users.noteFolderOwner(owner, of: user, replacing: false)
        }
        return upload
    }

    /// Checks the folder's owner: anybody with write access to the inbox could put a folder of their own in
    /// the place of a user's and would get the user's uploads.
    /// - Parameter noted: the folder's owner when it became the user's.
    /// - Returns: the folder's present owner, if that is acceptable.
    private static func owner(
        of opened: OpenFile, _ folder: InboxPath, _ files: any FileSystem, noted: UInt32?, _ logger: Logger
    ) throws -> UInt32 {
        let owner = try files.status(of: opened).owner
        // The account of its name last, which may take long to find.
        if owner == geteuid() || owner == 0 || owner == noted ?? owner
            || owner == SystemAccount.person(named: folder.bytes)
        {
            return owner
        }
        let error = UploadError.foreignFolder(folder: "\(folder)", owner: owner)
        logger.error("upload refused: \(error)")
        throw error
    }
}
