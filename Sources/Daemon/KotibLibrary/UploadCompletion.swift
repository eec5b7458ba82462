import KotibCatalog
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX

/// The name, folder and user that a file is uploaded to.
struct UploadTarget: Sendable {
    var name: UploadName
    var folder: InboxPath
    var user: UserID

    func path(_ name: [UInt8]?) throws(UploadError) -> InboxPath {
        guard let path = name.flatMap(folder.appending) else { throw .changedMeanwhile }
        return path
    }
}

/// Inspects an uploaded file, gives it its name and registers it like a dropped file.
package struct UploadCompletion: Sendable {
    /// The number of inspections while workers are busy or crash, and the longest pause between two.
    private static let inspections = 3
    private static let longestPause = Duration.seconds(2)
    /// More files of one name are not to be expected.
    private static let largestNumber = 10_000

    private let files: any FileSystem
    private let policy: IntakePolicy
    private let inspector: any Inspecting
    private let catalog: Catalog
    private let quotas: Quotas
    private let registrar: RecordingRegistrar

    package init(
        files: any FileSystem, policy: IntakePolicy, inspector: any Inspecting, catalog: Catalog,
        quotas: Quotas, registrar: RecordingRegistrar
    ) {
        self.files = files
        self.policy = policy
        self.inspector = inspector
        self.catalog = catalog
        self.quotas = quotas
        self.registrar = registrar
    }

    /// Nobody else can open the file until it was inspected: who had mapped it could change it behind its
    /// hash, by which others' words are found.
    ///
    /// The caller discards the file and releases the reservation if the file is not accepted.
    func complete(
        _ file: UnfinishedFile, as target: UploadTarget, _ reservation: UploadReservation
    ) async throws -> UploadOutcome {
        let files = files
        let status = try await BlockingWork.run { () throws(FileError) in
            try AtomicFile(files).complete(file)
        }
        let fileExtension: String
        switch policy.classify(try target.path(target.name.bytes(1)), status) {
        case .inspect(let ending): fileExtension = ending
        case .refused(let rejection): return .refused(rejection)
        case .notARecording, .folderSettings:
            return .refused(.unsupportedExtension(accepted: policy.extensions))
        }
        switch try await inspect(target.path(file.name), status, fileExtension) {
        case .refused(let rejection): return .refused(rejection)
        case .facts(let facts):
            // A file that there is no room for is never seen under its name, but where another takes the room
            // just now.
            let claim = QuotaClaim(
                size: status.identity.size, milliseconds: QuotaClaim.milliseconds(of: facts.duration))
            if let rejection = try await catalog.quotas.refusal(of: claim, by: target.user, under: quotas) {
                return .refused(rejection)
            }
            do {
                return .accepted(try await place(file, as: target, status, facts, reservation))
            } catch let rejection as Rejection {
                return .refused(rejection)
            }
        }
    }

    private func inspect(
        _ hidden: InboxPath, _ status: FileStatus, _ fileExtension: String
    ) async throws -> InspectionResult {
        let files = files
        let opened = try await BlockingWork.run { () throws(FileError) in try files.openForReading(hidden) }
        guard opened.status.identity == status.identity else { throw UploadError.changedMeanwhile }
        var tries = 1
        while true {
            do throws(InspectionError) {
                // The form has come to its end: nothing more of the file will.
                return try await inspector.inspect(
                    opened.file, of: hidden.user, fileExtension: fileExtension, size: status.identity.size,
                    takesIncomplete: true)
            } catch {
                guard let pause = error.retryAfter, tries < Self.inspections else {
                    throw UploadError.notInspected(reason: error.message)
                }
                tries += 1
                // The worker pool says when it starts the next worker; the client is not kept longer than
                // that.
                try await Task.sleep(for: min(pause, Self.longestPause))
            }
        }
    }

    /// If the catalog cannot record it now, the file does not stay either: the client is told to upload it
    /// again.
    private func place(
        _ file: UnfinishedFile, as target: UploadTarget, _ status: FileStatus, _ facts: AudioFacts,
        _ reservation: UploadReservation
    ) async throws -> RecordingID {
        let files = files
        let placed = try await BlockingWork.run {
            try Self.place(file, as: target, files, whoseBytesWere: status)
        }
        reservation.release()
        do {
            return try await registrar.accept(placed.path, placed.identity, facts)
        } catch {
            await BlockingWork.run { AtomicFile(files).withdraw(file, from: placed.path.name) }
            throw error
        }
    }

    private static func place(
        _ file: UnfinishedFile, as target: UploadTarget, _ files: any FileSystem,
        whoseBytesWere status: FileStatus
    ) throws -> (path: InboxPath, identity: FileIdentity) {
        guard try files.status(of: file.file).identity == status.identity else {
            throw UploadError.changedMeanwhile
        }
        try AtomicFile(files).share(file)
        for number in 1...largestNumber {
            guard let path = target.name.bytes(number).flatMap(target.folder.appending) else { break }
            guard let placed = try identity(of: file, as: path.name, files) else { continue }
            // Its folder may have been moved away meanwhile, or the file been written to.
            if placed.isSameContent(as: status.identity), try files.examine(path)?.identity == placed {
                return (path, placed)
            }
            AtomicFile(files).withdraw(file, from: path.name)
            throw UploadError.changedMeanwhile
        }
        throw FileError.occupied(path: target.folder.text)
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
}
