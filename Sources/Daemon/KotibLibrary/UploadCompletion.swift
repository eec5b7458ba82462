import KotibCatalog
import KotibIngest
import KotibIntake
import KotibModel
import KotibPOSIX
import Logging

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

/// A file that has its name.
private struct PlacedFile: Sendable {
    var path: InboxPath
    var identity: FileIdentity
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
        _ file: UnfinishedFile, as target: UploadTarget, _ reservation: UploadReservation, _ logger: Logger
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
                let placed = try await BlockingWork.run {
                    try Self.place(file, as: target, files, whoseBytesWere: status)
                }
                reservation.release()
                return .accepted(try await register(placed, file, facts, logger))
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

    /// A recording that was committed stays with its file, whatever failed afterwards. If it was not, the
    /// file does not stay either: the client is told to upload it again. If the catalog cannot tell, the file
    /// stays, and the next scan records it if that was not done.
    private func register(
        _ placed: PlacedFile, _ file: UnfinishedFile, _ facts: AudioFacts, _ logger: Logger
    ) async throws -> RecordingID {
        do {
            return try await registrar.accept(placed.path, placed.identity, facts)
        } catch let rejection as Rejection {
            await withdraw(file, placed)
            throw rejection
        } catch {
            switch await registration(of: placed) {
            case .committed(let id):
                await finish(id, placed, facts, after: error, logger)
                return id
            case .notCommitted: await withdraw(file, placed)
            case .unknown:
                logger.warning(
                    "upload kept, catalog cannot tell whether it is recorded",
                    metadata: ["file": "\(placed.path)", "cause": "\(error)"])
            }
            throw error
        }
    }

    private func withdraw(_ file: UnfinishedFile, _ placed: PlacedFile) async {
        let files = files
        await BlockingWork.run { AtomicFile(files).withdraw(file, from: placed.path.name) }
    }

    private enum Registration {
        case committed(RecordingID)
        case notCommitted
        case unknown
    }

    private func registration(of placed: PlacedFile) async -> Registration {
        do throws(CatalogError) {
            // The watcher may have registered it again meanwhile, with another ctime.
            guard let recording = try await catalog.recordings.current(placed.path),
                recording.state != .rejected, recording.audio == .present,
                recording.identity.isSameContent(as: placed.identity)
            else { return .notCommitted }
            return .committed(recording.id)
        } catch {
            return .unknown
        }
    }

    /// Repeats the steps after the commit, of which one failed: for a file that is recorded already the
    /// registration does nothing else. What fails again is done by the next scan.
    private func finish(
        _ id: RecordingID, _ placed: PlacedFile, _ facts: AudioFacts, after failure: any Error,
        _ logger: Logger
    ) async {
        do {
            _ = try await registrar.accept(placed.path, placed.identity, facts)
        } catch {
            logger.warning(
                "recording accepted, but not all files beside it are up to date",
                metadata: [
                    "recording": "\(id)", "file": "\(placed.path)", "cause": "\(failure)",
                ])
        }
    }

    private static func place(
        _ file: UnfinishedFile, as target: UploadTarget, _ files: any FileSystem,
        whoseBytesWere status: FileStatus
    ) throws -> PlacedFile {
        guard try files.status(of: file.file).identity == status.identity else {
            throw UploadError.changedMeanwhile
        }
        try AtomicFile(files).share(file)
        for number in 1...largestNumber {
            guard let path = target.name.bytes(number).flatMap(target.folder.appending) else { break }
            guard let placed = try identity(of: file, as: path.name, files) else { continue }
            // Its folder may have been moved away meanwhile, or the file been written to.
            if placed.isSameContent(as: status.identity), try files.examine(path)?.identity == placed {
                return PlacedFile(path: path, identity: placed)
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
