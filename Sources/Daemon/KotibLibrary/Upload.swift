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
    case alreadyEnded
    /// Somebody changed or removed the file or its folder meanwhile.
    case changedMeanwhile
    /// The folder is no longer the user's: it belongs to this user of the machine.
    case foreignFolder(folder: String, owner: UInt32)
    /// No worker could inspect it, for a reason other than its content.
    case notInspected(reason: String)

    public var description: String {
        switch self {
        case .noSuchUser(let user): "there is no user \(user)"
        case .alreadyEnded: "the upload is over"
        case .changedMeanwhile: "the file or its folder was changed during the upload; upload it again"
        case .foreignFolder(let folder, let owner):
            "the folder \(folder) belongs to the user \(owner) of the machine now: give it back (chown), or, "
                + "if that is right, say so (kotibctl user activate)"
        case .notInspected(let reason): "the file cannot be inspected now: \(reason)"
        }
    }
}

/// A file that is being uploaded: invisible until it is complete. An unfinished or refused upload leaves
/// nothing behind.
///
/// Calls must not overlap.
public actor Upload {
    private let file: UnfinishedFile
    private let target: UploadTarget
    private let files: any FileSystem
    private let maximumSize: Int64
    /// Larger than what has come.
    private let reservation: UploadReservation
    private let completion: UploadCompletion
    private let logger: Logger
    private var size: Int64 = 0
    private var hasEnded = false

    /// - Parameter maximumSize: of the file, in bytes.
    init(
        into file: UnfinishedFile, as target: UploadTarget, files: any FileSystem, maximumSize: Int64,
        reservation: UploadReservation, completion: UploadCompletion, logger: Logger
    ) {
        self.file = file
        self.target = target
        self.files = files
        self.maximumSize = maximumSize
        self.reservation = reservation
        self.completion = completion
        self.logger = logger
    }

    /// Nobody finished it.
    deinit {
        guard !hasEnded else { return }
        let (files, file) = (files, file)
        Task { await BlockingWork.run { AtomicFile(files).discard(file) } }
    }

    /// Appends. After an error the upload is over.
    /// - Throws: ``Rejection/tooLarge(size:limit:)`` with the bytes so far, or that the user's quota has no
    ///   room; ``FileError`` where the disk is full, say.
    public func write(_ bytes: [UInt8]) async throws {
        guard !hasEnded else { throw UploadError.alreadyEnded }
        size += Int64(bytes.count)
        let (files, file) = (files, file)
        do {
            guard size <= maximumSize else { throw Rejection.tooLarge(size: size, limit: maximumSize) }
            if size > reservation.size { try await growReservation() }
            try await BlockingWork.run { () throws(FileError) in try files.write(bytes, to: file.file) }
        } catch {
            await cancel()
            throw error
        }
    }

    private func growReservation() async throws {
        do {
            try await reservation.grow(to: size)
        } catch let rejection as Rejection {
            log(rejection)
            throw rejection
        }
    }

    /// Inspects the file, gives it its name and registers it like a dropped file.
    public func finish() async throws -> UploadOutcome {
        guard !hasEnded else { throw UploadError.alreadyEnded }
        do {
            let outcome = try await completion.complete(file, as: target, reservation, logger)
            switch outcome {
            case .accepted: hasEnded = true
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

    /// Removes everything of an unfinished upload.
    public func cancel() async {
        guard !hasEnded else { return }
        hasEnded = true
        let (files, file) = (files, file)
        await BlockingWork.run { AtomicFile(files).discard(file) }
        reservation.release()
    }

    private func log(_ rejection: Rejection) {
        logger.notice(
            "upload refused",
            metadata: [
                "user": "\(target.folder)", "file": "\(ByteText.escaped(target.name.bytes(1) ?? []))",
                "size": "\(size)", "reason": "\(rejection.code)",
            ])
    }
}
