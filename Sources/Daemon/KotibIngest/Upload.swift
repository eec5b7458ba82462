import Glibc
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import Logging

public enum UploadOutcome: Sendable {
    case accepted(RecordingID)
    case refused(Rejection)
}

public enum UploadError: Error, Hashable, Sendable, CustomStringConvertible {
    case noSuchUser(UserID)
    /// It was finished, cancelled or refused before.
    case isOver
    /// Somebody changed or took away the file or its folder meanwhile.
    case disturbed
    /// The folder of that name is not the user's any more: it belongs to this user of the machine.
    case foreignFolder(folder: String, owner: UInt32)
    /// No worker could look at it, through no fault of the file.
    case notInspected(reason: String)

    public var description: String {
        switch self {
        case .noSuchUser(let user): "there is no user \(user)"
        case .isOver: "the upload is over"
        case .disturbed: "the file or its folder was changed during the upload; upload it again"
        case .foreignFolder(let folder, let owner):
            "the folder \(folder) belongs to the user \(owner) of the machine now: give it back (chown), or, if that is "
                + "right, say so (kotibctl user activate)"
        case .notInspected(let reason): "the file cannot be inspected now: \(reason)"
        }
    }
}

/// A file on its way into an inbox: invisible until it is whole. One that is not finished leaves nothing, nor does
/// one that is refused.
///
/// Its calls are made one after the other.
public actor Upload {
    /// How often a file is put before a worker that is busy or dies, and how long to wait in between at most.
    private static let inspections = 3
    private static let longestPause = Duration.seconds(2)
    /// More files of one name are not to be expected.
    private static let mostOfOneName = 10_000

    private let pipeline: IngestPipeline
    private let name: UploadName
    private let folder: InboxPath
    private let user: UserID
    private let file: UnfinishedFile
    private var size: Int64 = 0
    /// What it takes of the user's quota, which is more than what has come.
    private let share: UploadShare
    private var isOver = false

    /// - Parameter size: bytes that the file has at least, where that is known; else 0.
    init(_ name: String, to user: UserID, size: Int64, _ pipeline: IngestPipeline) async throws {
        let name = UploadName(name)
        let ending = name.bytes(1).flatMap(IntakePolicy.fileExtension)
        guard let ending, pipeline.policy.extensions.contains(ending) else {
            throw Rejection.unsupportedExtension(accepted: pipeline.policy.extensions)
        }
        guard let place = try await pipeline.catalog.folderOwner(of: user),
            let folder = InboxPath(place.folder)
        else { throw UploadError.noSuchUser(user) }
        share = try await pipeline.uploads.share(
            of: user, size: size, in: pipeline.catalog, under: pipeline.quotas)
        self.user = user
        let files = pipeline.files
        let (file, owner) = try await BlockingWork.run {
            let opened = try files.ensureFolder(folder)
            let owner = try Self.owner(of: opened, folder, files, noted: place.owner, pipeline.logger)
            return (try AtomicFile(files).begin(in: opened), owner)
        }
        self.file = file
        if place.owner == nil {
            try await pipeline.catalog.noteFolderOwner(owner, of: user, replacing: false)
        }
        self.pipeline = pipeline
        self.name = name
        self.folder = folder
    }

    /// Who may write to the inbox can put a folder of their own in the place of somebody's, and would get what that one
    /// uploads.
    /// - Parameter noted: whose the folder was when it became the user's.
    /// - Returns: whose it is, where it may be that one's.
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

    /// Nobody finished it.
    deinit {
        guard !isOver else { return }
        let (files, file) = (pipeline.files, file)
        Task { await BlockingWork.run { AtomicFile(files).discard(file) } }
    }

    /// Appends. After an error the upload is over.
    /// - Throws: ``Rejection/tooLarge(size:limit:)`` with the bytes so far, or that the user's quota has no room;
    ///   ``FileError`` where the disk is full, say.
    public func write(_ bytes: [UInt8]) async throws {
        guard !isOver else { throw UploadError.isOver }
        size += Int64(bytes.count)
        let (files, file, limit) = (pipeline.files, file, pipeline.policy.maximumSize)
        do {
            guard size <= limit else { throw Rejection.tooLarge(size: size, limit: limit) }
            if size > share.size { try await makeSureOfRoom() }
            try await BlockingWork.run { () throws(FileError) in try files.write(bytes, to: file.file) }
        } catch {
            await cancel()
            throw error
        }
    }

    private func makeSureOfRoom() async throws {
        do {
            try await share.grow(to: size, in: pipeline.catalog, under: pipeline.quotas)
        } catch let rejection as Rejection {
            log(rejection)
            throw rejection
        }
    }

    /// Inspects the file, puts it under its name and takes it in as if it had been dropped there.
    public func finish() async throws -> UploadOutcome {
        guard !isOver else { throw UploadError.isOver }
        do {
            let outcome = try await takeIn()
            switch outcome {
            case .accepted: isOver = true
            case .refused(let rejection):
                log(rejection)
                await cancel()
            }
            return outcome
        } catch {
            await cancel()
            throw error
        }
    }

    /// Leaves nothing of it, unless it is finished.
    public func cancel() async {
        guard !isOver else { return }
        isOver = true
        let (files, file) = (pipeline.files, file)
        await BlockingWork.run { AtomicFile(files).discard(file) }
        share.giveBack()
    }
}

extension Upload {
    private func takeIn() async throws -> UploadOutcome {
        let (files, file) = (pipeline.files, file)
        let status = try await BlockingWork.run { () throws(FileError) in
            try AtomicFile(files).complete(file)
        }
        let fileExtension: String
        switch pipeline.policy.judge(try path(name.bytes(1)), status) {
        case .inspect(let ending): fileExtension = ending
        case .refused(let rejection): return .refused(rejection)
        case .notARecording, .folderSettings:
            return .refused(.unsupportedExtension(accepted: pipeline.policy.extensions))
        }
        switch try await inspect(status, fileExtension) {
        case .refused(let rejection): return .refused(rejection)
        case .facts(let facts): return try await placeIfThereIsRoom(status, facts)
        }
    }

    /// Nobody sees for a moment what there is no room for, but where another file takes the room just now.
    private func placeIfThereIsRoom(_ status: FileStatus, _ facts: AudioFacts) async throws -> UploadOutcome {
        let claim = QuotaClaim(
            size: status.identity.size, milliseconds: QuotaClaim.milliseconds(of: facts.duration))
        if let rejection = try await pipeline.catalog.refusal(of: claim, by: user, under: pipeline.quotas) {
            return .refused(rejection)
        }
        do {
            return .accepted(try await place(status, facts))
        } catch let rejection as Rejection {
            return .refused(rejection)
        }
    }

    private func inspect(_ status: FileStatus, _ fileExtension: String) async throws -> InspectionResult {
        let files = pipeline.files
        let hidden = try path(file.name)
        let opened = try await BlockingWork.run { () throws(FileError) in try files.openForReading(hidden) }
        guard opened.status.identity == status.identity else { throw UploadError.disturbed }
        let size = status.identity.size
        var tries = 1
        while true {
            do throws(InspectionError) {
                // The form has come to its end: nothing more of the file will.
                return try await pipeline.inspector.inspect(
                    opened.file, of: hidden.user, fileExtension: fileExtension, size: size,
                    takesIncomplete: true)
            } catch {
                guard let pause = error.retryAfter, tries < Self.inspections else {
                    throw UploadError.notInspected(reason: error.message)
                }
                tries += 1
                // The worker pool says when it starts the next worker; who uploads is not kept longer than that.
                try await Task.sleep(for: min(pause, Self.longestPause))
            }
        }
    }

    /// Where the catalog cannot take it now the file does not stay either: the client is told to upload it again.
    private func place(_ status: FileStatus, _ facts: AudioFacts) async throws -> RecordingID {
        let (files, file, folder, name) = (pipeline.files, file, folder, name)
        let placed = try await BlockingWork.run {
            try Self.place(file, as: name, in: folder, files, whoseBytesWere: status)
        }
        share.giveBack()
        do {
            return try await pipeline.accept(placed.path, placed.identity, facts)
        } catch {
            await BlockingWork.run { AtomicFile(files).withdraw(file, from: placed.path.name) }
            throw error
        }
    }

    private static func place(
        _ file: UnfinishedFile, as name: UploadName, in folder: InboxPath, _ files: any FileSystem,
        whoseBytesWere status: FileStatus
    ) throws -> (path: InboxPath, identity: FileIdentity) {
        guard try files.status(of: file.file).identity == status.identity else { throw UploadError.disturbed }
        for number in 1...mostOfOneName {
            guard let path = name.bytes(number).flatMap(folder.appending) else { break }
            guard let placed = try identity(of: file, as: path.name, files) else { continue }
            // Its folder may have been moved away meanwhile, or the file been written to.
            if placed.isSameContent(as: status.identity), try files.examine(path)?.identity == placed {
                return (path, placed)
            }
            AtomicFile(files).withdraw(file, from: path.name)
            throw UploadError.disturbed
        }
        throw FileError.occupied(path: folder.text)
    }

    /// Nil where something has the name.
    private static func identity(
        of file: UnfinishedFile, as name: [UInt8], _ files: any FileSystem
    ) throws(FileError) -> FileIdentity? {
        do throws(FileError) {
            return try AtomicFile(files).place(file, as: name).identity
        } catch {
            if case .occupied = error { return nil }
            throw error
        }
    }

    private func path(_ name: [UInt8]?) throws(UploadError) -> InboxPath {
        guard let path = name.flatMap(folder.appending) else { throw .disturbed }
        return path
    }

    private func log(_ rejection: Rejection) {
        pipeline.logger.notice(
            "upload refused",
            metadata: [
                "user": "\(folder)", "file": "\(ByteText.escaped(name.bytes(1) ?? []))", "size": "\(size)",
                "reason": "\(rejection.code)",
            ])
    }
}
